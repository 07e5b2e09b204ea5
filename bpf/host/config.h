/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configuration file of both daemons (libconfig's format): one table of options
 * (config_options.c) gives the parser its keys, limits and defaults, and the manual its text.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <sallyport/table.h>

#define CONFIG_NAME_MAX	     64
#define CONFIG_INTERFACE_MAX 15 /* IFNAMSIZ less the NUL */
#define CONFIG_PATH_MAX	     255
#define CONFIG_SOCKET_MAX    107 /* sun_path less the NUL */
#define CONFIG_HOST_MAX	     255
#define CONFIG_RANGES_MAX    64
#define CONFIG_ROLES_MAX     64
#define CONFIG_EAL_MAX	     32

struct config_range {
	uint16_t first;
	uint16_t last;
};

struct config_public {
	struct sp_addr bind;		     /* what packets carry */
	char advertise[CONFIG_HOST_MAX + 1]; /* what people are told; bind's text if not given */
	struct config_range ports[CONFIG_RANGES_MAX];
	unsigned int nr_ports;
};

/* "10/s": so many in so long; count 0: no limit. */
struct config_rate {
	uint64_t count;
	uint64_t per_ns;
};

enum config_engine {
	CONFIG_ENGINE_DPDK,
	CONFIG_ENGINE_XDP,
};

enum config_fallback {
	CONFIG_FALLBACK_XDP,
	CONFIG_FALLBACK_NONE,
};

enum config_idle {
	CONFIG_IDLE_ADAPTIVE,
	CONFIG_IDLE_SPIN,
};

enum config_explain {
	CONFIG_EXPLAIN_OFF,
	CONFIG_EXPLAIN_BRIEF,
	CONFIG_EXPLAIN_FULL,
};

enum config_role {
	CONFIG_VIEWER,
	CONFIG_OPERATOR,
	CONFIG_ORCHESTRATOR,
};

/* Who has a role: exactly one of user and group is not empty. A number is a uid or gid. */
struct config_member {
	char user[CONFIG_NAME_MAX + 1];
	char group[CONFIG_NAME_MAX + 1];
	enum config_role role;
};

struct config_edge {
	char name[CONFIG_NAME_MAX + 1]; /* the host's name if not given */
	char state_dir[CONFIG_PATH_MAX + 1];
	char run_dir[CONFIG_PATH_MAX + 1];
	char bpf_dir[CONFIG_PATH_MAX + 1];
};

struct config_publics {
	char interface[CONFIG_INTERFACE_MAX + 1];
	struct config_public addresses[SP_PUBLICS_MAX];
	unsigned int nr_addresses;
};

struct config_builds {
	char interface[CONFIG_INTERFACE_MAX + 1];
	struct sp_prefix networks[SP_NETWORKS_MAX];
	unsigned int nr_networks;
};

struct config_leases {
	uint64_t linger_ns;
	uint64_t max_lifetime_ns;
	uint64_t max_extension_ns;
	uint64_t quarantine_ns;
	uint64_t connect_within_ns; /* 0: for ever */
	uint64_t extend_step_ns;    /* extension while in use; 0: off */
	uint64_t extend_cap_ns;
	unsigned int low_water_percent;
	enum config_explain explain;
};

/* A limit of 0 means none. */
struct config_limits {
	struct config_rate syn_per_source;
	struct config_rate syn_per_lease;
	bool syn_given; /* either was in the file */
	unsigned int nodes_per_build;
	unsigned int builds;
	unsigned int builds_per_actor;
	unsigned int builds_per_organisation;
	unsigned int prefixes_per_build;
};

struct config_dataplane {
	enum config_engine engine;
	enum config_fallback fallback;
	char driver[CONFIG_NAME_MAX + 1]; /* "af_xdp" */
	unsigned int workers;
	enum config_idle idle;
	bool hugepages;
	uint64_t failover_ns;
	char eal[CONFIG_EAL_MAX][CONFIG_PATH_MAX + 1];
	unsigned int nr_eal;
};

struct config_api {
	char socket[CONFIG_SOCKET_MAX + 1];
	char read_socket[CONFIG_SOCKET_MAX + 1]; /* viewers only; empty: none */
	char group[CONFIG_NAME_MAX + 1];	 /* empty: the daemon's own */
	struct config_member roles[CONFIG_ROLES_MAX];
	unsigned int nr_roles;
};

struct config_metrics {
	char host[CONFIG_HOST_MAX + 1]; /* empty: no listener */
	uint16_t port;
};

struct config_audit {
	uint64_t retention_ns;
	uint64_t events_kept;
};

struct config {
	struct config_edge edge;
	struct config_publics publics; /* the group "public" */
	struct config_builds builds;
	struct config_leases leases;
	struct config_limits limits;
	struct config_dataplane dataplane;
	struct config_api api;
	struct config_metrics metrics;
	struct config_audit audit;
};

#define CONFIG_ERRORS_MAX  64
#define CONFIG_MESSAGE_MAX 512

/* "file:line: key: what is wrong", in the order of the file; beyond the maximum they are counted.
 */
struct config_errors {
	unsigned int nr;
	char message[CONFIG_ERRORS_MAX][CONFIG_MESSAGE_MAX];
};

/*
 * Reads and checks a whole file; whether its interfaces exist is for those to find out who use
 * them. Result: 0 and *ret_config, to be freed by config_file_free(); -EINVAL with all errors in
 * *errors; -errno if the file cannot be read (in *errors too); or -ENOMEM.
 */
int config_file_load(const char *path, struct config **ret_config, struct config_errors *errors);

void config_file_free(struct config *config);

/* Prints each error on a line of its own. */
void config_errors_print(const struct config_errors *errors, FILE *stream);

/* Called for each key whose value differs; restart says that it takes one of that daemon. */
typedef void config_diff_visitor(const char *key, bool restart, void *context);

void config_file_diff(const struct config *before, const struct config *after,
		      config_diff_visitor *visit, void *context);
