/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A small table for tests, written by a writer of its own, which has nothing in common with that of
 * sallyportd but table.h. It lies in plain memory, or in the memory of maps (bpf_engine.h).
 */
#pragma once

#include <stdio.h>

#include <sallyport/table.h>
#include <sallyport/table_host.h>

#define FIXTURE_PUBLICS 3u /* the last may be a prefix */
#define FIXTURE_BUCKETS 256u
#define FIXTURE_ALLOW	8u
#define FIXTURE_USAGE	192u /* more than leases of the standard table, fewer than of two */
#define FIXTURE_ROWS	2u   /* of limits: the BPF program's, and the host's */
#define FIXTURE_LIMITS	sp_limit_line_index(FIXTURE_USAGE, FIXTURE_ROWS, 0)
#define FIXTURE_SEED	0x5a11b0a7c0ffee11ULL

struct fixture_list {
	struct sp_prefix prefix[SP_ALLOW_PREFIXES];
	unsigned int nr;
};

struct fixture {
	struct sp_settings *settings;
	struct sp_host *hosts;
	struct sp_slot *leases;
	struct sp_bucket *endpoints;
	struct sp_allow *allow;
	struct sp_limit_line *limits; /* may be NULL: nothing is limited then */
	struct sp_table table;	      /* the readers' view of the same memory */
	struct sp_addr publics[FIXTURE_PUBLICS];
	int is_prefix[FIXTURE_PUBLICS];
	struct fixture_list list[FIXTURE_ALLOW]; /* what allow was made of */
	__u32 lives; /* leases so far, in this table and those before it */
};

struct lease {
	__u32 public_index;
	__u16 public_port; /* of a prefix: the number of its slot */
	__u16 own_port;	   /* of a prefix: its port */
	__u16 vm_port;
	__u32 state; /* enum sp_slot_state */
	struct sp_addr vm_addr;
	__u64 deadline_ns;
	__u8 protocol_mask;
	__u16 allow_index;
};

/* A table in zeroed memory of its own. Result: 0 or -ENOMEM. fixture_free() gives it back. */
int fixture_new(struct fixture *fixture);
void fixture_free(struct fixture *fixture);

/* Sets up the readers' view once the five pointers are set. */
void fixture_bind(struct fixture *fixture);

/* Empties the table. */
void fixture_clear(struct fixture *fixture);

/* Each puts one record. Result: 0, -EINVAL for a name that cannot be read, -ENOSPC if it is full.
 */
int fixture_add_network(struct fixture *fixture, const char *prefix);
int fixture_add_public(struct fixture *fixture, __u32 index, const char *address);
int fixture_add_prefix(struct fixture *fixture, __u32 index, const char *prefix);
int fixture_add_local(struct fixture *fixture, const char *address);
int fixture_add_allow(struct fixture *fixture, __u32 index, const char *prefix);
int fixture_add_lease(struct fixture *fixture, const struct lease *lease);

/* Result: the address of a public index whose slot of that port has that number. */
struct sp_addr fixture_public_addr(const struct fixture *fixture, __u32 index, __u16 number,
				   __u16 port);

/* As if both slots had been given up and leased again, each with the other's usage record. */
void fixture_lease_again(struct fixture *fixture, struct sp_slot *slot, struct sp_slot *other);

/*
 * The table that random and fuzzed packets meet: leases in every state on ports 64000 and up, of
 * both families, and of addresses of their own. now_ns is the time at which the deadlines are to be
 * right.
 */
int fixture_standard(struct fixture *fixture, __u64 now_ns);

/*
 * Reads "public 0 192.0.2.1", "prefix 2 2001:db8:5::/64", "local 10.0.0.1", "network 10.0.0.0/16",
 * "allow 1 198.51.100.0/24" or "lease 0 64000 live 10.0.3.7 22 tcp 1000 0" (public index, port,
 * state, VM, its port, protocols, deadline in ns, allow index), or "limit source 3 30" (or lease;
 * so many in 2^30 ns). Result: 1 if the line was one of those, 0 if not, or -errno.
 */
int fixture_read_line(struct fixture *fixture, const char *line);

/* Result: 0 with an address, or an address and its prefix's mask, or -EINVAL. */
int fixture_parse_addr(const char *text, struct sp_addr *ret);
int fixture_parse_prefix(const char *text, struct sp_prefix *ret);
