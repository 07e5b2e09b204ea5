/* SPDX-License-Identifier: BSD-3-Clause */
/* The options of fleet. For options.c. */
#pragma once

#define FLEET_OPTIONS                                                                              \
	{.key = "fleet.etcd",                                                                      \
	 .type = CONFIG_STRING,                                                                    \
	 .fallback = "",                                                                           \
	 LIST_AT(fleet.etcd, fleet.nr_etcd),                                                       \
	 .help = "For sallyport-fleet: the http or https URLs of etcd's members, "                 \
		 "version 3.4 or later. None: this edge is in no fleet. All "                      \
		 "options of fleet take effect when sallyport-fleet is restarted."},               \
		{.key = "fleet.prefix",                                                            \
		 .type = CONFIG_STRING,                                                            \
		 .harmless = true,                                                                 \
		 .fallback = "/sallyport",                                                         \
		 AT(fleet.prefix),                                                                 \
		 .help = "What the fleet's keys begin with. Another fleet in the "                 \
			 "same etcd has another."},                                                \
		{.key = "fleet.socket",                                                            \
		 .type = CONFIG_PATH,                                                              \
		 .fallback = "/run/sallyport/fleet.sock",                                          \
		 AT(fleet.socket),                                                                 \
		 .help = "The UNIX socket on which sallyport-fleet serves the API, "               \
			 "for whom api.group and api.roles say."},                                 \
		{.key = "fleet.user",                                                              \
		 .type = CONFIG_STRING,                                                            \
		 .optional_text = true,                                                            \
		 .fallback = "",                                                                   \
		 AT(fleet.user),                                                                   \
		 .help = "Who logs in to etcd once it asks for that. Empty: nobody."},             \
		{.key = "fleet.password_file",                                                     \
		 .type = CONFIG_PATH,                                                              \
		 .optional_text = true,                                                            \
		 .fallback = "",                                                                   \
		 AT(fleet.password_file),                                                          \
		 .help = "The file whose first line is the password. It must be "                  \
			 "closed to others."},                                                     \
		{.key = "fleet.ca_file",                                                           \
		 .type = CONFIG_PATH,                                                              \
		 .optional_text = true,                                                            \
		 .fallback = "",                                                                   \
		 AT(fleet.ca_file),                                                                \
		 .help = "The certificates that may vouch for etcd's members. "                    \
			 "Empty: the system's."},                                                  \
		{.key = "fleet.txn_ops",                                                           \
		 .type = CONFIG_INTEGER,                                                           \
		 .fallback = "128",                                                                \
		 AT(fleet.txn_ops),                                                                \
		 .min = 16,                                                                        \
		 .max = 65536,                                                                     \
		 .help = "etcd's --max-txn-ops. A build needs one, two for each "                  \
			 "port that leads to a VM, and is refused if it needs more."},             \
		{.key = "fleet.edge_ttl",                                                          \
		 .type = CONFIG_DURATION,                                                          \
		 .fallback = "10s",                                                                \
		 AT(fleet.edge_ttl_ns),                                                            \
		 .min = 3 * NS_PER_S,                                                              \
		 .max = 3600 * NS_PER_S,                                                           \
		 .help = "An edge that has not reached etcd for so long is cut "                   \
			 "off: it knows, and so do the others. Whole seconds count."},             \
		{.key = "fleet.fence_after",                                                       \
		 .type = CONFIG_DURATION,                                                          \
		 .fallback = "15s",                                                                \
		 AT(fleet.fence_after_ns),                                                         \
		 .min = 4 * NS_PER_S,                                                              \
		 .max = 7200 * NS_PER_S,                                                           \
		 .help = "How long a DELETE waits for the other edges. By then, "                  \
			 "one that is cut off gets no packets: it takes "                          \
			 "fleet.edge_ttl until it knows, and the rest is for the "                 \
			 "routes to go. All edges of a fleet have the same."},                     \
		{.key = "fleet.clock_bound",                                                       \
		 .type = CONFIG_DURATION,                                                          \
		 .fallback = "2s",                                                                 \
		 AT(fleet.clock_bound_ns),                                                         \
		 .max = 3600 * NS_PER_S,                                                           \
		 .help = "How wrong the clock of this edge may be by the kernel's "                \
			 "word, which it has from chrony or systemd-timesyncd. "                   \
			 "Beyond, or if nobody synchronises it, new builds are "                   \
			 "refused here. 0s: any clock will do."},
