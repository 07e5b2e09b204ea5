/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * The one table: what sallyportd writes, and what the XDP program and sallyport-dp read, record by
 * record. Every map below is a pinned, mmapable BPF array, so the three see the same memory.
 *
 * Addresses are 16 bytes in network order; IPv4 is held as ::ffff:a.b.c.d. Times are CLOCK_BOOTTIME
 * nanoseconds. Fields named _be are in network order, all others in host order.
 */
#pragma once

#include <linux/types.h>

#define SP_TABLE_MAGIC	 0x53414c4c59504f52ULL /* "SALLYPOR" */
#define SP_TABLE_VERSION 10

#define SP_PORTS_PER_ADDRESS 65536u
#define SP_PUBLICS_MAX	     16u /* public addresses: leases has SP_PORTS_PER_ADDRESS slots for each */
#define SP_HOSTS	     1024u /* records of the hosts map, a power of two */
#define SP_HOST_PROBES	     8u	   /* records looked at for one address */
#define SP_NETWORKS_MAX	     16u   /* prefixes of builds.networks */
#define SP_ALLOW_PREFIXES    31u   /* of a list; */
#define SP_ALLOW_RANGES	     32u   /* what they become: a power of two */
#define SP_BUCKET_ENTRIES    8u
#define SP_QUEUES_MAX	     64u   /* RX queues of one interface */
#define SP_WORKERS_MAX	     32u   /* workers of sallyport-dp */
#define SP_WANTED_HOPS	     16u   /* of one row of wanted, a power of two */
#define SP_LIMIT_WORDS	     8u	   /* of a record of limits */
#define SP_SOURCE_WORDS	     8192u /* of a row of limits, powers of two: counting sources, */
#define SP_SEEN_WORDS	     2048u /* remembering sources of UDP, */
#define SP_SHARE_WORDS	     1024u /* and counting notes (notes.h) */
#define SP_NEAR_WORDS	     1024u /* a bit for each of 64 Ki */
#define SP_HOPS		     2048u /* of a row of hops, a power of two */

struct sp_addr {
	__be32 word_be[4];
};

struct sp_prefix {
	struct sp_addr addr;
	struct sp_addr mask;
};

/*
 * meta[0]: what the table was sized for. Written once, by sallyportd, before anything reads; a
 * reader refuses another magic, version or record size. magic becomes 0 when another table has
 * taken this one's place: whoever still maps it opens the table anew.
 */
struct sp_meta {
	__u64 magic;
	__u32 version;
	__u32 slot_bytes; /* sizeof(struct sp_slot) */
	__u32 nr_publics; /* leases holds nr_publics * SP_PORTS_PER_ADDRESS slots */
	__u32 nr_buckets; /* of endpoints, a power of two */
	__u32 nr_allow;	  /* of allow; list 0 means everybody and is never read */
	__u32 nr_usage;	  /* usage records in a row */
	__u32 nr_cpus;	  /* rows [0, nr_cpus) belong to the XDP program, one a CPU */
	__u32 nr_workers; /* rows [nr_cpus, nr_cpus + nr_workers) to the workers of sallyport-dp */
	__u64 hash_seed;  /* of endpoints */
	__u64 layout;	  /* hash of the public addresses and ports the indexes stand for */
	__u64 lives;	  /* begun by slots so far: sallyportd's own, the one field that changes */
};

enum sp_engine_mode {
	SP_ENGINE_DPDK = 1, /* AF_XDP while a worker's heartbeat is fresh, else the XDP program */
	SP_ENGINE_XDP = 2,  /* the XDP program carries everything */
};

/*
 * settings[0]: what may change while packets flow. Written by sallyportd, each field by one store.
 * builds.networks are held twice: a new set is written where no reader looks, then networks_now
 * leads there, and the set it left is written only once every reader has been seen past that.
 */
struct sp_settings {
	__u32 engine_mode;    /* enum sp_engine_mode */
	__u32 fallback;	      /* 1: the XDP program carries while DPDK is away; 0: it drops */
	__u64 failover_ns;    /* a heartbeat older than this is stale */
	__u32 public_ifindex; /* that the kernel's next hops are behind */
	__u32 builds_ifindex;
	__u32 explain;	      /* 1: ended, reserved and refused ports go up to the explain socket */
	__u32 networks_now;   /* which of the two sets counts: 0 or 1 */
	__u32 nr_networks[2]; /* of each set */
	__u64 syn_per_source; /* limits, as limit.h reads them; 0: none */
	__u64 syn_per_lease;
	__u32 detached;	  /* roles (enum sp_role, or-ed) whose interface meets no program */
	__u32 near_ready; /* 1: near holds all that it must */
	struct sp_prefix networks[2][SP_NETWORKS_MAX];
	__u64 near[SP_NEAR_WORDS]; /* near.h; bits are only ever set */
	/* With public.vlan or builds.vlan, of what is below public_ifindex and builds_ifindex. */
	__u32 public_trunk;
	__u32 builds_trunk;
	/* hop.h: may next hops be remembered, and the tick in which any of them last changed. */
	__u32 hops_kept;
	__u32 hops_changed;
	__u32 has_prefixes; /* 1: there are records of SP_HOST_PREFIX */
	__u32 reserved;
};

enum sp_host_kind {
	SP_HOST_NONE = 0,
	SP_HOST_LOCAL = 1,  /* an address of this host: replies to it are not ours */
	SP_HOST_PUBLIC = 2, /* a public address that leases hang from */
	SP_HOST_PREFIX = 3, /* a prefix of such: each session has an address of its own */
};

/*
 * hosts: this host's own addresses, hashed by sp_addr_hash() with linear probing over at most
 * SP_HOST_PROBES records. kind is stored last when a record is filled and first when it is emptied.
 * An emptied record keeps its address: one whose address is zero was never filled, so nothing that
 * is looked for lies behind it, and a search that finds nothing ends there, mostly at once.
 *
 * A prefix of 64 to 80 bits is found by its first 64: its record is where sp_prefix_key() of any
 * of its addresses leads, which is none of them. net_be and mask_be are what is left of it.
 */
struct sp_host {
	struct sp_addr addr;
	__u32 kind;	    /* enum sp_host_kind */
	__u32 public_index; /* not SP_HOST_LOCAL: the first part of the slot index */
	__be32 net_be;	    /* SP_HOST_PREFIX: of the third word of an address, the part */
	__be32 mask_be;	    /* under this mask */
};

enum sp_slot_state {
	SP_SLOT_FREE = 0,
	SP_SLOT_RESERVED = 1, /* the port is promised, the VM is not known yet */
	SP_SLOT_LIVE = 2,
	SP_SLOT_ENDED = 3, /* for at least the quarantine */
};

enum sp_protocol_mask {
	SP_PROTOCOL_TCP = 1,
	SP_PROTOCOL_UDP = 2,
};

/*
 * leases[public_index << 16 | public_port]: one cache line a lease. Where each session has an
 * address of its own, the port is exclusive-ored with the last 16 bits of the address: whoever
 * finds a slot so compares its public_addr. A live slot is immutable but for state, deadline_ns and
 * capture_until_s, each a single aligned store. It is rewritten only after the quarantine, and
 * after every reader has been seen past its end, with nothing left that was steered before; life is
 * then stored last.
 *
 * A generation is one use of a slot by one lease, from reserved to ended: no two leases of the
 * edge, whichever their slots, have the same one. It is what a record kept about a lease (usage,
 * next hop, note, snap, connection) is known by, and never 0. Generations come round after 2^32
 * leases. Of the records only those of usage can be left that long, since nobody clears them; so
 * a lease is given none that a record at its usage_index still has.
 *
 * A reader loads life once and goes by that: whoever holds a packet for longer than a moment
 * compares it with the slot's before the packet leaves.
 */
struct sp_slot {
	union {
		struct {
			__u32 state; /* enum sp_slot_state */
			__u32 generation;
		};
		__u64 life; /* both at once */
	};
	__u64 deadline_ns;
	struct sp_addr vm_addr;
	struct sp_addr public_addr;
	__be16 vm_port_be;
	__be16 public_port_be;
	__u8 family;	       /* 4 or 6, of both addresses */
	__u8 protocol_mask;    /* enum sp_protocol_mask */
	__u16 allow_index;     /* 0: everybody */
	__u32 usage_index;     /* the record of this port in each row of usage */
	__u32 capture_until_s; /* its packets are copied (snaps.h) before this second; 0: never */
};

/*
 * endpoints: (VM address, port, protocol) to slot index, for replies. An entry is the upper half of
 * the key's hash above the slot index, 0 if empty, always stored whole. It can lie in either of two
 * buckets (sp_bucket_first(), sp_bucket_second()). The slot is the authority: a reader verifies a
 * hit against it and goes on looking if it differs.
 */
struct sp_bucket {
	__u64 entry[SP_BUCKET_ENTRIES];
};

/* The addresses from first to last, host order, upper half first. */
struct sp_range {
	__u64 first[2];
	__u64 last[2];
};

/*
 * allow[allow_index]: who may use a lease. Immutable while any live slot names it. What prefixes of
 * either family hold, as ranges that neither meet nor touch, in ascending order. Places beyond the
 * last one hold that again; without any all places hold one that ends before it begins.
 */
struct sp_allow {
	__u32 v4_first[SP_ALLOW_RANGES];
	__u32 v4_last[SP_ALLOW_RANGES];
	struct sp_range v6[SP_ALLOW_RANGES];
};

/* Why an AF_XDP socket took a frame no further, as the kernel counts (XDP_STATISTICS). */
enum sp_queue_loss {
	SP_LOST_DROPPED,    /* too long for a buffer, or there was none */
	SP_LOST_RING_FULL,  /* the worker did not take what was there */
	SP_LOST_NO_BUFFERS, /* the part of the first for which there was no buffer */
	SP_QUEUE_LOSSES_NR
};

/* What the XDP program's hints (link/hint.h) were worth to the worker. */
enum sp_hint_worth {
	SP_HINT_USED,  /* packets sent on whose lease was not searched for a second time */
	SP_HINT_WRONG, /* it led to another lease's slot, or to none: the packet was then searched
			  for */
	SP_HINTS_NR
};

/*
 * queues[role << 6 | queue], role 0 for the public and 1 for the builds interface. beat_ns is
 * written by the worker that polls the queue, at most every 100 us; cleared before ports are
 * created; compared with the clock by the XDP program for each packet.
 */
struct sp_queue {
	__u64 beat_ns;
	__u32 frame_bytes; /* the longest frame its socket takes: others are carried here; 0: any */
	__u32 reserved32;
	__u64 lost[SP_QUEUE_LOSSES_NR]; /* frames, by enum sp_queue_loss; counted on over starts */
	__u64 hints[SP_HINTS_NR];	/* by enum sp_hint_worth; likewise, told with the beats */
	__u64 reserved;
};

/*
 * workers[index]: written by that worker of sallyport-dp, read by sallyportd to learn that a change
 * is seen everywhere. rounds counts up before each round begins, so a worker that was inside a
 * round when a slot changed has left it when rounds has moved. active is 0 while the worker holds
 * no packets and will read the table afresh before it touches one.
 */
#define SP_DRAIN_ROUNDS                                                                            \
	72u /* in so many rounds a worker takes out all that its queues can hold                   \
	     */

struct sp_worker {
	__u64 rounds;
	__u32 active;
	__u32 pid;
	__u64 started_ns;
	__u64 left;	   /* enum sp_left (left.h); the worker then writes no heartbeat */
	__u64 busy_ns;	   /* in rounds that had packets */
	__u64 nr_received; /* packets, of all rounds */
	__u64 yields;	   /* 1: it sleeps, for they are few (dataplane.idle); likewise */
	__u64 reserved;
};

enum sp_direction {
	SP_TOWARD_VM = 0,
	SP_TOWARD_CLIENT = 1,
};

/*
 * How many packets a worker found waiting in a queue, tallied by size: bursts that are mostly full
 * say that it is behind, bursts of one that rounds cost it more than packets.
 */
/* X(nr): bursts of up to so many packets; what is longer is in one more. */
#define SP_BURST_ENDS(X) X(1) X(4) X(16) X(32) X(63)

enum sp_burst {
#define X(nr) SP_BURST_UP_TO_##nr,
	SP_BURST_ENDS(X)
#undef X
		SP_BURST_LONGER,
	SP_BURSTS_NR
};

/* Result: enum sp_burst, of a burst of nr packets. */
static inline __u32 sp_burst_index(__u32 nr_packets)
{
	__u32 index = 0;

#define X(nr) index += nr_packets > nr;
	SP_BURST_ENDS(X)
#undef X
	return index;
}

/*
 * counters[row]: packets by verdict (verdict.h), and bytes of those that were sent on
 * (SP_FORWARDED, SP_COMPLETED), by enum sp_direction: of the IP packets as they arrived, as in
 * usage. Written by the row's owner alone. bytes lie in the cache line of SP_FORWARDED, which is
 * written for the same packets.
 */
struct sp_counters {
	__u64 bytes[2];
	__u64 verdict[64];
	__u64 burst[SP_BURSTS_NR]; /* a worker's, by sp_burst_index() */
};

/*
 * usage[row * nr_usage + usage_index]: what one lease carried, in one row. Written by the row's
 * owner alone, who clears it when generation is not the lease's. Readers sum the rows whose
 * generation is the one they want: no other lease ever had or will have it. bytes are those of the
 * IP packets as they arrived. Of a worker's row hop and hop_epoch are of one run of sallyport-dp,
 * which clears them at its start; of a CPU's row they are a way and the tick of hop.h.
 */
struct sp_usage {
	__u32 generation;
	__u32 syns[2];	 /* by enum sp_direction */
	__u32 hop_epoch; /* the owner's own: when hop was learned, 0 never */
	__u64 packets[2];
	__u64 bytes[2];
	__u64 last_seen_ns; /* the VM, talking (usage.h): stored at most once a second */
	__u64 hop;	    /* the owner's own: where packets toward the VM leave */
};

/* A next hop that the kernel has no link address of. */
struct sp_wanted_hop {
	struct sp_addr addr;
	__u32 ifindex;
	__u32 generation; /* of the lease, if a VM chose the address: a client on link; else 0 */
	__u32 reserved[2];
};

/*
 * wanted[cpu]: next hops that packets were dropped for (SP_NO_NEIGHBOUR). bpf_fib_lookup() does not
 * make the kernel look for them, so sallyportd asks it to (RTM_NEWNEIGH with NTF_USE). Written by
 * the XDP program on that CPU alone: hop[count % SP_WANTED_HOPS], then count. A reader remembers
 * the count it has read up to. It may miss some, never for long: while packets are dropped for the
 * latest hop, that is written again every SP_WANTED_AGAIN_NS.
 */
struct sp_wanted {
	__u64 count;
	__u64 last_ns;	   /* when the latest was written */
	__u64 error_ns[2]; /* of this CPU's ICMP errors (sp_error_due()); nobody else's concern */
	__u64 link[2]; /* nor this: ways (hop.h) with our own link address, by enum sp_direction */
	__u64 reserved[2];
	struct sp_wanted_hop hop[SP_WANTED_HOPS];
};

#define SP_WANTED_AGAIN_NS 100000000ULL

/*
 * hops[cpu * SP_HOPS + hash of a client's address]: where packets to that client leave, as the
 * kernel last said for a public address. Written and read by the XDP program on that CPU alone.
 */
struct sp_hop {
	struct sp_addr client;
	__u64 way;	    /* hop.h */
	__u32 learned;	    /* the tick, 0: never */
	__u32 public_index; /* of the public address */
};

/*
 * limits: how many connections were let in of late. limits[0] holds in word[0] how many rows of the
 * XDP program are in use: the highest CPU that has ever let one in, plus one. The rows follow, one
 * for each CPU and each worker, written by its owner alone and read by those whose limits it
 * shares; SP_LIMIT_…_FIRST() say what lies where, limit.h and shield.h how it is read.
 */
struct sp_limit_line {
	__u64 word[SP_LIMIT_WORDS];
};

_Static_assert(sizeof(struct sp_addr) == 16, "an address is 16 bytes");
_Static_assert(sizeof(struct sp_meta) == 64, "meta is one cache line");
_Static_assert(sizeof(struct sp_settings) == 88 + 2 * 32 * SP_NETWORKS_MAX + 8 * SP_NEAR_WORDS,
	       "settings");
_Static_assert(sizeof(struct sp_host) == 32, "two hosts a cache line");
_Static_assert(sizeof(struct sp_slot) == 64, "a slot is one cache line");
_Static_assert(__builtin_offsetof(struct sp_slot, deadline_ns) == 8, "deadline is aligned");
_Static_assert(__builtin_offsetof(struct sp_slot, generation) == 4, "beside state, in life");
_Static_assert(sizeof(struct sp_bucket) == 64, "a bucket is one cache line");
_Static_assert(sizeof(struct sp_allow) == 1280, "a list is whole cache lines");
_Static_assert(sizeof(struct sp_queue) == 64, "a queue is one cache line");
_Static_assert(sizeof(struct sp_worker) == 64, "a worker is one cache line");
_Static_assert(SP_BURSTS_NR == 6, "as many as counters have room for");
_Static_assert(sizeof(struct sp_counters) == 576, "counters are whole cache lines");
_Static_assert(sizeof(struct sp_usage) == 64, "usage is one cache line");
_Static_assert(sizeof(struct sp_hop) == 32, "two hops a cache line");
_Static_assert(sizeof(struct sp_limit_line) == 64, "a line of limits is one cache line");
_Static_assert(__builtin_offsetof(struct sp_settings, syn_per_source) == 40, "limits are aligned");
_Static_assert(sizeof(struct sp_wanted) == 64 + 32 * SP_WANTED_HOPS, "wanted");

/* Names below edge.bpf_dir. The two xsks maps and links are one per interface. */
#define SP_PIN_XSKS_PUBLIC "xsks_public"
#define SP_PIN_XSKS_BUILDS "xsks_builds"
#define SP_PIN_META	   "meta"
#define SP_PIN_SETTINGS	   "settings"
#define SP_PIN_HOSTS	   "hosts"
#define SP_PIN_LEASES	   "leases"
#define SP_PIN_ENDPOINTS   "endpoints"
#define SP_PIN_ALLOW	   "allow"
#define SP_PIN_QUEUES	   "queues"
#define SP_PIN_WORKERS	   "workers"
#define SP_PIN_COUNTERS	   "counters"
#define SP_PIN_USAGE	   "usage"
#define SP_PIN_WANTED	   "wanted"
#define SP_PIN_LIMITS	   "limits"
#define SP_PIN_HOPS	   "hops"

/* A slot's life, taken apart and put together. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define SP_LIFE_STATE_SHIFT	 0
#define SP_LIFE_GENERATION_SHIFT 32
#else
#define SP_LIFE_STATE_SHIFT	 32
#define SP_LIFE_GENERATION_SHIFT 0
#endif

static inline enum sp_slot_state sp_life_state(__u64 life)
{
	return (enum sp_slot_state)(__u32)(life >> SP_LIFE_STATE_SHIFT);
}

static inline __u32 sp_life_generation(__u64 life)
{
	return (__u32)(life >> SP_LIFE_GENERATION_SHIFT);
}

static inline __u64 sp_life_of(enum sp_slot_state state, __u32 generation)
{
	return (__u64)state << SP_LIFE_STATE_SHIFT | (__u64)generation << SP_LIFE_GENERATION_SHIFT;
}

/* Result: what of a session's own address leads to its slot, to be exclusive-ored with the port. */
static inline __u16 sp_own_bits(const struct sp_addr *addr)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return __builtin_bswap16((__u16)(addr->word_be[3] >> 16));
#else
	return (__u16)addr->word_be[3];
#endif
}

/* Result: the index of the slot of a public address and port (host order). */
static inline __u32 sp_slot_index(__u32 public_index, __u16 public_port)
{
	return public_index << 16 | public_port;
}

/*
 * Where in a row of limits its parts begin, in words. Of each lease two words count what was let in
 * (by enum sp_door), and two, on other lines since nobody but sallyportd reads them, what was
 * refused: generation and number, then when last.
 */
#define SP_LIMIT_LEASE_WORDS(nr_usage)	 ((((nr_usage) + 3u) & ~3u) * 2u)
#define SP_LIMIT_REFUSED_FIRST(nr_usage) SP_LIMIT_LEASE_WORDS(nr_usage)
#define SP_LIMIT_SOURCE_FIRST(nr_usage)	 (2u * SP_LIMIT_LEASE_WORDS(nr_usage))
#define SP_LIMIT_SEEN_FIRST(nr_usage)	 (SP_LIMIT_SOURCE_FIRST(nr_usage) + SP_SOURCE_WORDS)
#define SP_LIMIT_SHARE_FIRST(nr_usage)	 (SP_LIMIT_SEEN_FIRST(nr_usage) + SP_SEEN_WORDS)
#define SP_LIMIT_ROW_WORDS(nr_usage)	 (SP_LIMIT_SHARE_FIRST(nr_usage) + SP_SHARE_WORDS)

/* Result: the record of limits that a word of a row lies in. */
static inline __u32 sp_limit_line_index(__u32 nr_usage, __u32 row, __u32 word)
{
	return 1 + row * (SP_LIMIT_ROW_WORDS(nr_usage) / SP_LIMIT_WORDS) + word / SP_LIMIT_WORDS;
}
