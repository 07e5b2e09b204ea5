/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/config_table.h"

#include <errno.h>
#include <string.h>

#include "host/boottime.h"

#define SECOND NS_PER_S
#define HOUR   (3600 * SECOND)
#define DAY    (24 * HOUR)

#define IN(type, member) .offset = offsetof(type, member), .size = sizeof(((type *)NULL)->member)
#define AT(member)	 IN(struct config, member)
#define LIST_IN(type, member, nr)                                                                  \
	.offset = offsetof(type, member), .size = sizeof(((type *)NULL)->member[0]),               \
	.max_items = sizeof(((type *)NULL)->member) / sizeof(((type *)NULL)->member[0]),           \
	.nr_offset = offsetof(type, nr)
#define LIST_AT(member, nr) LIST_IN(struct config, member, nr)

static const struct config_choice explains[] = {
	{"full", CONFIG_EXPLAIN_FULL},
	{"brief", CONFIG_EXPLAIN_BRIEF},
	{"off", CONFIG_EXPLAIN_OFF},
	{0},
};

static const struct config_choice engines[] = {
	{"dpdk", SP_ENGINE_DPDK},
	{"xdp", SP_ENGINE_XDP},
	{0},
};

static const struct config_choice fallbacks[] = {
	{"xdp", CONFIG_FALLBACK_XDP},
	{"none", CONFIG_FALLBACK_NONE},
	{0},
};

static const struct config_choice drivers[] = {
	{"af_xdp", CONFIG_DRIVER_AF_XDP},
	{0},
};

static const struct config_choice idles[] = {
	{"adaptive", CONFIG_IDLE_ADAPTIVE},
	{"spin", CONFIG_IDLE_SPIN},
	{0},
};

static const struct config_choice napi_threads[] = {
	{"auto", CONFIG_NAPI_THREADS_AUTO},
	{"on", CONFIG_NAPI_THREADS_ON},
	{"off", CONFIG_NAPI_THREADS_OFF},
	{0},
};

static const struct config_choice roles[] = {
	{"viewer", CONFIG_ROLE_VIEWER},
	{"operator", CONFIG_ROLE_OPERATOR},
	{"orchestrator", CONFIG_ROLE_ORCHESTRATOR},
	{0},
};

static const struct config_option address_members[] = {
	{.key = "bind",
	 .type = CONFIG_ADDRESS,
	 IN(struct config_public, bind),
	 .apply = CONFIG_APPLY_BOTH,
	 .help = "The address that packets carry. It must be one of this host's own, outside "
		 "builds.networks, and in no other item."},
	{.key = "advertise",
	 .type = CONFIG_HOST,
	 .optional_text = true,
	 .fallback = "",
	 IN(struct config_public, advertise),
	 .help = "The address or host name that people are told, where a cloud translates. Not "
		 "given: bind. Addresses of one family with the same name need ports of their "
		 "own; of an IPv4 and an IPv6 address with one name each port is handed out once. "
		 "Which addresses share a name changes by a restart."},
	{.key = "pool",
	 .type = CONFIG_NAME,
	 .harmless = true,
	 .fallback = "default",
	 IN(struct config_public, pool),
	 .apply = CONFIG_APPLY_CONTROL,
	 .help = "What this address and others of the same pool are called: builds may say from "
		 "which pool a port shall come. Those that do not, get one of default."},
	{.key = "ports",
	 .type = CONFIG_PORTS,
	 .fallback = "64535-65535",
	 .min_items = 1,
	 LIST_IN(struct config_public, ports, nr_ports),
	 .apply = CONFIG_APPLY_CONTROL,
	 .help = "The public ports to hand out: numbers and ranges that do not overlap."},
	{0},
};

static const struct config_option role_members[] = {
	{.key = "user",
	 .type = CONFIG_NAME,
	 .optional_text = true,
	 .fallback = "",
	 IN(struct config_role, user),
	 .help = "The name of a user."},
	{.key = "uid",
	 .type = CONFIG_UID,
	 .fallback = "-1",
	 IN(struct config_role, uid),
	 .min = 0,
	 .max = UINT32_MAX - 1,
	 .help = "The number of a user."},
	{.key = "group",
	 .type = CONFIG_NAME,
	 .optional_text = true,
	 .fallback = "",
	 IN(struct config_role, group),
	 .help = "The name of a group; its members have the role."},
	{.key = "role",
	 .type = CONFIG_CHOICE,
	 IN(struct config_role, role),
	 .choices = roles,
	 .help = "A viewer looks; an operator may also finish, extend and cancel builds; an "
		 "orchestrator may also declare them."},
	{0},
};

const struct config_option config_options[] = {
	{.key = "edge.name",
	 .type = CONFIG_STRING,
	 .harmless = true,
	 .fallback = "edge",
	 AT(edge.name),
	 .apply = CONFIG_APPLY_CONTROL,
	 .help = "What this edge is called in the API, in events and in metrics."},
	{.key = "edge.state_dir",
	 .type = CONFIG_PATH,
	 .fallback = "/var/lib/sallyport",
	 AT(edge.state_dir),
	 .apply = CONFIG_APPLY_CONTROL,
	 .help = "Where the journal lies. It must survive a reboot."},
	{.key = "edge.run_dir",
	 .type = CONFIG_PATH,
	 .fallback = "/run/sallyport",
	 AT(edge.run_dir),
	 .apply = CONFIG_APPLY_BOTH,
	 .help = "Where what lasts until a reboot lies, such as locks."},
	{.key = "edge.bpf_dir",
	 .type = CONFIG_PATH,
	 .fallback = "/sys/fs/bpf/sallyport",
	 AT(edge.bpf_dir),
	 .apply = CONFIG_APPLY_BOTH,
	 .help = "Where the table and the links of the XDP programs are pinned. It must be on a "
		 "BPF file system."},

	{.key = "public.interface",
	 .type = CONFIG_INTERFACE,
	 AT(public.interface),
	 .apply = CONFIG_APPLY_BOTH,
	 .help = "The network interface that clients are behind."},
	{.key = "public.addresses",
	 .type = CONFIG_GROUPS,
	 .min_items = 1,
	 LIST_AT(public.addresses, public.nr_addresses),
	 .members = address_members,
	 .apply = CONFIG_APPLY_BOTH,
	 .help = "The addresses whose ports are handed out, one group for each."},
	{.key = "public.low_water",
	 .type = CONFIG_INTEGER,
	 .fallback = "80",
	 AT(public.low_water),
	 .min = 1,
	 .max = 100,
	 .help = "When so many per cent of a pool's public ports are in use, the event pool.low "
		 "says "
		 "so."},

	{.key = "builds.interface",
	 .type = CONFIG_INTERFACE,
	 AT(builds.interface),
	 .apply = CONFIG_APPLY_BOTH,
	 .help = "The network interface that the build VMs are behind. It may be the public one."},
	{.key = "builds.networks",
	 .type = CONFIG_PREFIX,
	 .min_items = 1,
	 LIST_AT(builds.networks, builds.nr_networks),
	 .help = "The only networks that a lease may lead to."},

	{.key = "leases.linger",
	 .type = CONFIG_DURATION,
	 .fallback = "30m",
	 AT(leases.linger_ns),
	 .max = 30 * DAY,
	 .help = "How long the way in stays open after a build has finished."},
	{.key = "leases.max_lifetime",
	 .type = CONFIG_DURATION,
	 .fallback = "24h",
	 AT(leases.max_lifetime_ns),
	 .min = SECOND,
	 .max = CONFIG_DURATION_DAYS * DAY,
	 .help = "How long after its declaration a build ends if nobody finishes it; also the most "
		 "that a build may ask for."},
	{.key = "leases.max_extension",
	 .type = CONFIG_DURATION,
	 .fallback = "4h",
	 AT(leases.max_extension_ns),
	 .max = CONFIG_DURATION_DAYS * DAY,
	 .help = "The most that extensions may add to the deadline of a build."},
	{.key = "leases.quarantine",
	 .type = CONFIG_DURATION,
	 .fallback = "10m",
	 AT(leases.quarantine_ns),
	 .max = 30 * DAY,
	 .help = "How long a public port rests before another build may have it."},
	{.key = "leases.connect_within",
	 .type = CONFIG_DURATION,
	 .fallback = "0",
	 AT(leases.connect_within_ns),
	 .max = CONFIG_DURATION_DAYS * DAY,
	 .help = "A build that nobody has connected to for so long ends as unused. 0: never."},
	{.key = "leases.extend_while_used.step",
	 .type = CONFIG_DURATION,
	 .fallback = "0",
	 AT(leases.extend_while_used.step_ns),
	 .max = DAY,
	 .help = "By how much a finished build is extended, again and again, while somebody is "
		 "connected to it. 0: not at all."},
	{.key = "leases.extend_while_used.cap",
	 .type = CONFIG_DURATION,
	 .fallback = "0",
	 AT(leases.extend_while_used.cap_ns),
	 .max = CONFIG_DURATION_DAYS * DAY,
	 .help = "The most that these extensions may add up to; at least one step."},
	{.key = "leases.explain",
	 .type = CONFIG_CHOICE,
	 .fallback = "full",
	 AT(leases.explain),
	 .choices = explains,
	 .help = "What somebody reads who dials a port that is reserved, ended or not open to "
		 "them: full tells the build and the reason, brief only the kind of reason, and "
		 "with off the connection is refused without a word. Strangers are never told "
		 "more than brief: all but the clients that have been connected to the build, and "
		 "those named by its allow-list, which one of everybody does not; and all VMs."},
	{.key = "leases.hold",
	 .type = CONFIG_DURATION,
	 .fallback = "5m",
	 AT(leases.hold_ns),
	 .max = HOUR,
	 .help = "How long after sallyportd --hold, which a host runs when it starts, packets for "
		 "public ports wait for sallyportd at most; then the host answers them itself, "
		 "and open sessions end. 0: no time at all."},

	{.key = "limits.builds",
	 .type = CONFIG_INTEGER,
	 .fallback = "65536",
	 AT(limits.builds),
	 .min = 1,
	 .max = 1u << 20,
	 .help = "Builds alive at once."},
	{.key = "limits.builds_per_actor",
	 .type = CONFIG_INTEGER,
	 .fallback = "0",
	 AT(limits.builds_per_actor),
	 .max = 1u << 20,
	 .help = "Builds alive at once for one actor, as named by the orchestrator. 0: no limit."},
	{.key = "limits.builds_per_organisation",
	 .type = CONFIG_INTEGER,
	 .fallback = "0",
	 AT(limits.builds_per_organisation),
	 .max = 1u << 20,
	 .help = "Builds alive at once for one organisation, as named by the orchestrator. 0: no "
		 "limit."},
	{.key = "limits.nodes_per_build",
	 .type = CONFIG_INTEGER,
	 .fallback = "64",
	 AT(limits.nodes_per_build),
	 .min = 1,
	 .max = 4096,
	 .help = "Nodes of one build."},
	{.key = "limits.prefixes_per_build",
	 .type = CONFIG_INTEGER,
	 .fallback = "31",
	 AT(limits.prefixes_per_build),
	 .min = 1,
	 .max = SP_ALLOW_PREFIXES,
	 .help = "Prefixes in the allow-list of one build."},
	{.key = "limits.allow_lists",
	 .type = CONFIG_INTEGER,
	 .fallback = "1024",
	 AT(limits.allow_lists),
	 .min = 1,
	 .max = UINT16_MAX,
	 .apply = CONFIG_APPLY_BOTH,
	 .help = "Different allow-lists alive at once. Each takes 1 KiB of the table."},
	{.key = "limits.syn_per_source",
	 .type = CONFIG_RATE,
	 .fallback = "10/s",
	 AT(limits.syn_per_source),
	 .help = "New connections from one source: an IPv4 address, or 64 bits of an IPv6 one. "
		 "Over "
		 "UDP, new sources. What is more is dropped, and the client tries again. 0: no "
		 "limit."},
	{.key = "limits.syn_per_lease",
	 .type = CONFIG_RATE,
	 .fallback = "50/s",
	 AT(limits.syn_per_lease),
	 .help = "New connections to one public port, from all sources together. 0: no limit."},

	{.key = "dataplane.engine",
	 .type = CONFIG_CHOICE,
	 .fallback = "xdp",
	 AT(dataplane.engine),
	 .choices = engines,
	 .help = "What carries packets: xdp is the kernel alone, dpdk is sallyport-dp, which must "
		 "run then."},
	{.key = "dataplane.fallback",
	 .type = CONFIG_CHOICE,
	 .fallback = "xdp",
	 AT(dataplane.fallback),
	 .choices = fallbacks,
	 .help = "With engine dpdk, what carries packets while sallyport-dp is away: xdp is the "
		 "kernel, with none they are dropped."},
	{.key = "dataplane.failover",
	 .type = CONFIG_DURATION,
	 .fallback = "2ms",
	 AT(dataplane.failover_ns),
	 .min = 500 * NS_PER_US,
	 .max = 10 * SECOND,
	 .help = "How long a worker of sallyport-dp may be silent before the fallback has its "
		 "packets."},
	{.key = "dataplane.driver",
	 .type = CONFIG_CHOICE,
	 .fallback = "af_xdp",
	 AT(dataplane.driver),
	 .choices = drivers,
	 .apply = CONFIG_APPLY_DATAPLANE,
	 .help = "How sallyport-dp reaches the interfaces. af_xdp: through sockets beside the "
		 "kernel, which keeps them."},
	{.key = "dataplane.workers",
	 .type = CONFIG_INTEGER,
	 .fallback = "1",
	 AT(dataplane.workers),
	 .min = 1,
	 .max = SP_WORKERS_MAX,
	 .apply = CONFIG_APPLY_BOTH,
	 .help = "Workers of sallyport-dp, each on a core of its own."},
	{.key = "dataplane.idle",
	 .type = CONFIG_CHOICE,
	 .fallback = "adaptive",
	 AT(dataplane.idle),
	 .choices = idles,
	 .apply = CONFIG_APPLY_DATAPLANE,
	 .help = "What a worker does without packets: adaptive sleeps for ever longer moments that "
		 "stay below failover, spin keeps its core busy."},
	{.key = "dataplane.hugepages",
	 .type = CONFIG_BOOL,
	 .fallback = "true",
	 AT(dataplane.hugepages),
	 .apply = CONFIG_APPLY_DATAPLANE,
	 .help = "Whether sallyport-dp keeps packets in huge pages."},
	{.key = "dataplane.napi_threads",
	 .type = CONFIG_CHOICE,
	 .fallback = "auto",
	 AT(dataplane.napi_threads),
	 .choices = napi_threads,
	 .help = "Whether kernel threads run the XDP program (threaded NAPI), or whoever a packet "
		 "interrupts. auto: threads on a veth with engine xdp, which else runs it in the "
		 "sender's own time; other interfaces are left as they are."},
	{.key = "dataplane.eal",
	 .type = CONFIG_STRING,
	 .fallback = "",
	 LIST_AT(dataplane.eal, dataplane.nr_eal),
	 .apply = CONFIG_APPLY_DATAPLANE,
	 .help = "More arguments for the start of DPDK."},

	{.key = "api.socket",
	 .type = CONFIG_PATH,
	 .fallback = "/run/sallyport/api.sock",
	 AT(api.socket),
	 .apply = CONFIG_APPLY_CONTROL,
	 .help = "The UNIX socket of the API."},
	{.key = "api.group",
	 .type = CONFIG_NAME,
	 .harmless = true,
	 .optional_text = true,
	 .fallback = "",
	 AT(api.group),
	 .apply = CONFIG_APPLY_CONTROL,
	 .help = "The group that may open the socket. Empty: only the user of sallyportd."},
	{.key = "api.viewer_socket",
	 .type = CONFIG_PATH,
	 .optional_text = true,
	 .fallback = "",
	 AT(api.viewer_socket),
	 .apply = CONFIG_APPLY_CONTROL,
	 .help = "A second socket, on which everybody is a viewer. Empty: none."},
	{.key = "api.viewer_group",
	 .type = CONFIG_NAME,
	 .harmless = true,
	 .optional_text = true,
	 .fallback = "",
	 AT(api.viewer_group),
	 .apply = CONFIG_APPLY_CONTROL,
	 .help = "The group that may open the second socket. Empty: every user of this host."},
	{.key = "api.clients",
	 .type = CONFIG_INTEGER,
	 .fallback = "64",
	 AT(api.clients),
	 .min = 1,
	 .max = 1024,
	 .apply = CONFIG_APPLY_CONTROL,
	 .help = "Connections to each socket of the API at once; more are told to try again. Half "
		 "of them may be event streams."},
	{.key = "api.clients_per_user",
	 .type = CONFIG_INTEGER,
	 .fallback = "0",
	 AT(api.clients_per_user),
	 .max = 1024,
	 .apply = CONFIG_APPLY_CONTROL,
	 .help = "Of these, connections of one user. 0: three quarters. One user has three "
		 "quarters of the event streams at most."},
	{.key = "api.request_timeout",
	 .type = CONFIG_DURATION,
	 .fallback = "30s",
	 AT(api.request_timeout_ns),
	 .min = SECOND,
	 .max = HOUR,
	 .apply = CONFIG_APPLY_CONTROL,
	 .help = "How long a request may take to arrive."},
	{.key = "api.roles",
	 .type = CONFIG_GROUPS,
	 .fallback = "",
	 LIST_AT(api.roles, api.nr_roles),
	 .members = role_members,
	 .help = "Who may do what, one group for each, with one of user, uid and group. Whoever "
		 "has "
		 "several roles has the highest. root and the user of sallyportd are "
		 "orchestrators; "
		 "whoever else may open the socket is a viewer."},

	{.key = "metrics.listen",
	 .type = CONFIG_LISTEN,
	 .fallback = "127.0.0.1:9464",
	 AT(metrics.listen),
	 .apply = CONFIG_APPLY_CONTROL,
	 .help = "Where Prometheus reads metrics: address:port or [address]:port. Empty: nowhere."},
	{.key = "events.kept",
	 .type = CONFIG_INTEGER,
	 .fallback = "100000",
	 AT(events.kept),
	 .min = 1000,
	 .max = 100000000,
	 .help = "How many events can be read again. Older ones are forgotten."},
	{.key = "audit.retention",
	 .type = CONFIG_DURATION,
	 .fallback = "90d",
	 AT(audit.retention_ns),
	 .min = HOUR,
	 .max = CONFIG_DURATION_DAYS * DAY,
	 .help = "How long the records of connections and changes are kept."},
	{.key = "audit.budget",
	 .type = CONFIG_INTEGER,
	 .fallback = "1024",
	 AT(audit.budget),
	 .min = 32,
	 .max = 1048576,
	 .help = "How much disk the records of connections may take, in MiB. Beyond it the oldest "
		 "go before their time. Whoever can connect fills it."},
	{.key = "receipts.kept",
	 .type = CONFIG_INTEGER,
	 .fallback = "10000",
	 AT(receipts.kept),
	 .min = 1,
	 .max = 1000000,
	 .help = "How many answers to changes with an Idempotency-Key are kept, so that a retry "
		 "gets the same answer and changes nothing again. The oldest are forgotten, also "
		 "when all together are longer than 64 MiB."},
	{.key = "receipts.retention",
	 .type = CONFIG_DURATION,
	 .fallback = "24h",
	 AT(receipts.retention_ns),
	 .min = SECOND,
	 .max = 30 * DAY,
	 .help = "How long such an answer is kept at most."},
	{0},
};

_Static_assert(sizeof(config_options) / sizeof(config_options[0]) <= CONFIG_OPTIONS_MAX,
	       "config.given has a bit for each option");
_Static_assert(sizeof(enum config_explain) == sizeof(int), "a choice is stored as an int");
_Static_assert(CONFIG_FALLBACK_XDP == 1, "sp_settings.fallback takes it as it is");

int config_option_find(const char *key)
{
	for (int i = 0; config_options[i].key; i++)
		if (strcmp(config_options[i].key, key) == 0)
			return i;
	return -ENOENT;
}
