/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configuration of an edge, sallyport.conf(5): one file, read by both daemons into a plain
 * struct. Members follow the keys of the file: leases.linger is config->leases.linger_ns. Every
 * option is one row of the table in config_options.c.
 *
 * libconfig owns the names config_init, config_read, config_lookup, config_setting_… and config_t;
 * ours are config_load, config_free, config_errors_…, config_diff, config_doc_….
 */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include <sallyport/table.h>

#define CONFIG_DEFAULT_PATH  "/etc/sallyport/sallyport.conf"
#define CONFIG_NAME_SIZE     64
#define CONFIG_PATH_SIZE     192 /* of a directory: names of files are put behind it */
#define CONFIG_SOCKET_SIZE   108 /* sun_path */
#define CONFIG_HOST_SIZE     256
#define CONFIG_HOSTS_MAX     16 /* names of the status page */
#define CONFIG_RANGES_MAX    64
#define CONFIG_ROLES_MAX     64
#define CONFIG_ETCD_MAX	     16 /* members of a cluster */
#define CONFIG_EAL_MAX	     32
#define CONFIG_EAL_SIZE	     256
#define CONFIG_PORT_SIZE     256 /* of a DPDK device and its arguments */
#define CONFIG_OPTIONS_MAX   128
#define CONFIG_FILE_BYTES    (128u << 10) /* a longer file is refused */
#define CONFIG_DURATION_DAYS 366	  /* the longest duration there is */

/* Public ports first..last, both included. */
struct config_range {
	uint16_t first;
	uint16_t last;
};

/* So many in a period; count 0: no limit. */
struct config_rate {
	uint64_t count;
	uint64_t period_ns;
};

/* Values are compared as memory by config_diff(): no padding in them. */
struct config_listen {
	struct sp_addr addr;
	uint16_t port;
	bool enabled;
	uint8_t reserved;
};

struct config_public {
	struct sp_addr bind;		  /* what packets carry; or a prefix, with its mask: */
	struct sp_addr mask;		  /* see config_is_prefix() */
	char advertise[CONFIG_HOST_SIZE]; /* what people are told: an address or a host name */
	char pool[CONFIG_NAME_SIZE];
	struct config_range ports[CONFIG_RANGES_MAX]; /* ascending, apart from each other */
	uint32_t nr_ports;
	uint32_t sessions; /* of a prefix: addresses at once */
};

/*
 * Result: whether each session has an address of its own, of that prefix of 64 to 80 bits. Its
 * ports are then not those that are handed out, but all.
 */
static inline bool config_is_prefix(const struct config_public *address)
{
	return address->mask.word_be[1] != 0 && address->mask.word_be[3] == 0;
}

/* Result: that prefix, or one that holds the address alone. */
static inline struct sp_prefix config_prefix(const struct config_public *address)
{
	static const struct sp_addr whole = {{~0u, ~0u, ~0u, ~0u}};

	return (struct sp_prefix){address->bind, config_is_prefix(address) ? address->mask : whole};
}

#define CONFIG_PREFIX_BITS_MIN 64u
#define CONFIG_PREFIX_BITS_MAX 80u
#define CONFIG_PREFIX_PORT     22u /* of the ssh of each session */

enum config_explain {
	CONFIG_EXPLAIN_OFF,
	CONFIG_EXPLAIN_BRIEF,
	CONFIG_EXPLAIN_FULL,
};

enum config_fallback {
	CONFIG_FALLBACK_NONE, /* the values of sp_settings.fallback */
	CONFIG_FALLBACK_XDP,
};

enum config_idle {
	CONFIG_IDLE_ADAPTIVE,
	CONFIG_IDLE_SPIN,
	CONFIG_IDLE_YIELD,
};

enum config_without_store { CONFIG_WITHOUT_STORE_LAST_RESORT, CONFIG_WITHOUT_STORE_WITHDRAW };

enum config_napi_threads {
	CONFIG_NAPI_THREADS_AUTO,
	CONFIG_NAPI_THREADS_ON,
	CONFIG_NAPI_THREADS_OFF,
};

enum config_driver {
	CONFIG_DRIVER_AF_XDP,
};

enum config_role_kind {
	CONFIG_ROLE_VIEWER,
	CONFIG_ROLE_OPERATOR,
	CONFIG_ROLE_ORCHESTRATOR,
};

/* Who has a role: exactly one of user, group (names, else "") and uid (else -1) is given. */
struct config_role {
	char user[CONFIG_NAME_SIZE];
	char group[CONFIG_NAME_SIZE];
	int64_t uid;
	enum config_role_kind role;
};

/* Durations are _ns; limits say in sallyport.conf(5) whether 0 means none. */
struct config {
	struct {
		char name[CONFIG_NAME_SIZE];
		char state_dir[CONFIG_PATH_SIZE];
		char run_dir[CONFIG_PATH_SIZE];
		char bpf_dir[CONFIG_PATH_SIZE];
	} edge;
	struct {
		char interface[IF_NAMESIZE];
		char port[CONFIG_PORT_SIZE]; /* "": AF_XDP on that interface */
		uint32_t vlan;		     /* 0: untagged */
		struct config_public addresses[SP_PUBLICS_MAX];
		uint32_t nr_addresses;
		uint32_t low_water; /* percent of the ports in use: pool.low */
	} public;
	struct {
		char interface[IF_NAMESIZE]; /* may be the public one */
		char port[CONFIG_PORT_SIZE];
		uint32_t vlan; /* 0: untagged */
		struct sp_prefix networks[SP_NETWORKS_MAX];
		uint32_t nr_networks;
	} builds;
	struct {
		uint64_t linger_ns;
		uint64_t max_lifetime_ns;
		uint64_t max_extension_ns;
		uint64_t quarantine_ns;
		uint64_t connect_within_ns; /* 0: for ever */
		struct {
			uint64_t step_ns; /* 0: off */
			uint64_t cap_ns;
		} extend_while_used;
		enum config_explain explain;
		uint64_t hold_ns; /* 0: off */
	} leases;
	struct {
		struct config_rate syn_per_source;
		struct config_rate syn_per_lease;
		uint32_t builds;
		uint32_t builds_per_actor;	  /* 0: none */
		uint32_t builds_per_organisation; /* 0: none */
		uint32_t nodes_per_build;
		uint32_t prefixes_per_build;
		uint32_t allow_lists; /* different ones alive at once */
	} limits;
	struct {
		enum sp_engine_mode engine;
		enum config_fallback fallback;
		uint64_t failover_ns;
		enum config_driver driver;
		uint32_t workers;
		enum config_idle idle;
		uint32_t yield_below; /* packets a second */
		bool hugepages;
		enum config_napi_threads napi_threads;
		char eal[CONFIG_EAL_MAX][CONFIG_EAL_SIZE]; /* more arguments for EAL */
		uint32_t nr_eal;
	} dataplane;
	struct {
		char socket[CONFIG_SOCKET_SIZE];
		char group[CONFIG_NAME_SIZE];		/* "": the daemon's own */
		char viewer_socket[CONFIG_SOCKET_SIZE]; /* "": none */
		char viewer_group[CONFIG_NAME_SIZE];
		struct config_role roles[CONFIG_ROLES_MAX];
		uint32_t nr_roles;
		uint32_t clients;	   /* connections at once */
		uint32_t clients_per_user; /* 0: three quarters of them */
		uint64_t request_timeout_ns;
		bool log_requests;
	} api;
	struct {
		struct config_listen listen;
		bool page; /* the status page, there too */
		char hosts[CONFIG_HOSTS_MAX][CONFIG_HOST_SIZE];
		uint32_t nr_hosts;
	} metrics;
	struct {
		uint32_t kept; /* events that can be read again */
	} events;
	struct {
		uint64_t retention_ns;
		uint32_t budget; /* MiB */
	} audit;
	struct {
		uint32_t kept; /* answers to changes with an Idempotency-Key */
		uint64_t retention_ns;
	} receipts;
	struct {
		char etcd[CONFIG_ETCD_MAX][CONFIG_HOST_SIZE]; /* URLs of members; none: no fleet */
		uint32_t nr_etcd;
		char prefix[CONFIG_NAME_SIZE];
		char socket[CONFIG_SOCKET_SIZE];
		char user[CONFIG_NAME_SIZE];	      /* "": no login */
		char password_file[CONFIG_PATH_SIZE]; /* "": none */
		char ca_file[CONFIG_PATH_SIZE];	      /* "": the system's */
		uint32_t txn_ops;
		uint64_t edge_ttl_ns;
		uint64_t fence_after_ns;
		uint64_t clock_bound_ns; /* 0: any clock will do */
	} fleet;
	struct {
		char interface[IF_NAMESIZE];   /* "": nothing is announced */
		char last_resort[IF_NAMESIZE]; /* "": none */
		enum config_without_store without_store;
		uint64_t hold_ns;
		uint64_t drain_wait_ns;
	} announce;
	/* Of option i: whether it stands in the file, see config_given(); and is a number, though a
	 * duration has a unit. */
	bool given[CONFIG_OPTIONS_MAX], bare[CONFIG_OPTIONS_MAX];
};

struct config_error {
	unsigned int line; /* 0: the file as a whole */
	char *text;	   /* "file:line: key: what is wrong" */
};

/* Start with {0}. */
struct config_errors {
	struct config_error *error;
	unsigned int nr;
};

/*
 * Reads and checks a file. Result: 0 and *ret_config (config_free()); or -errno, *ret_config
 * untouched and *errors holding everything that is wrong, by line: -EINVAL for what stands in the
 * file, else why it could not be read. Nothing of the host is looked at: interfaces and users need
 * not exist. Any thread, but only one at a time.
 */
int config_load(const char *path, struct config **ret_config, struct config_errors *errors);

/* The same from memory; name stands for the file in errors. */
int config_load_text(const char *name, const char *text, size_t bytes, struct config **ret_config,
		     struct config_errors *errors);

/* NULL is allowed. */
void config_free(struct config *config);

/*
 * Result: whether a side has a port of DPDK's own, so that nothing but sallyport-dp reaches the
 * wire there.
 */
bool config_has_port(const struct config *config);

/* Result: whether leases may be IPv6: a VM is of the family of its public address. */
bool config_carries_v6(const struct config *config);

/* Result: how many connections of the API one user gets, at most api.clients. */
uint32_t config_connections_per_user(const struct config *config);

/* Prints one error a line. */
void config_errors_print(const struct config_errors *errors, FILE *stream);

/* Frees what it holds; it can be used again. */
void config_errors_free(struct config_errors *errors);

/* Result: whether the file itself says something for a key such as "limits.syn_per_source". */
bool config_given(const struct config *config, const char *key);

/* What config_print() has in place of a text that may be anybody's secret. */
#define CONFIG_LEFT_OUT "(left out)"

/*
 * Prints the configuration as it counts, one option a line, and which values are defaults. Texts
 * that people choose freely are left out unless the table of options calls them harmless, so that
 * the result may be shown to others; comments of the file are not in it.
 */
void config_print(const struct config *config, FILE *stream);

/*
 * Reads a file and prints it as it counts, an option a line: KEY = VALUE  # FILE:LINE, or default.
 * Nothing is left out. Result: as config_load().
 */
int config_print_file(const char *path, FILE *stream, struct config_errors *errors);

/* Prints the lines of one option, nothing left out. */
void config_print_key(const struct config *config, const char *key, FILE *stream);

/* Result: the text of a file, NUL-terminated, to be freed; NULL with errno set. */
char *config_file_text(const char *path, size_t *ret_bytes);

/* Where in edge.run_dir a running sallyportd keeps the text that it goes by. */
#define CONFIG_RUNNING_NAME "running.conf"

/* Who must be restarted for a changed option, as bits; a restart cuts no live lease. */
enum config_apply {
	CONFIG_APPLY_RELOAD = 0,    /* nobody: SIGHUP to sallyportd */
	CONFIG_APPLY_CONTROL = 1,   /* sallyportd */
	CONFIG_APPLY_DATAPLANE = 2, /* sallyport-dp */
	CONFIG_APPLY_BOTH = 3,
};

struct config_change {
	const char *key; /* static */
	enum config_apply apply;
};

struct config_changes {
	struct config_change change[CONFIG_OPTIONS_MAX];
	unsigned int nr;
};

/* Lists the options in which two configurations differ, in the order of sallyport.conf(5). */
void config_diff(const struct config *before, const struct config *after,
		 struct config_changes *ret_changes);

/* Result: whether a reload applies the changes; otherwise sallyportd must be restarted for all. */
bool config_can_reload(const struct config_changes *changes);

/* Result: a text such as "reload" or "restart of sallyportd". */
const char *config_apply_name(enum config_apply apply);

/* Print the reference: sallyport.conf(5) in scdoc, and the same in Markdown. */
void config_doc_manual(FILE *stream);
void config_doc_markdown(FILE *stream);
