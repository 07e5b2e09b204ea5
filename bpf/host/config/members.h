/* SPDX-License-Identifier: BSD-3-Clause */
/* Where options are kept, and the keys of the groups in lists. For options.c. */
#pragma once

#include <stddef.h>

#include "host/config/choices.h"
#include "host/config_table.h"

#define IN(type, member) .offset = offsetof(type, member), .size = sizeof(((type *)NULL)->member)
#define AT(member)	 IN(struct config, member)
#define LIST_IN(type, member, nr)                                                                  \
	.offset = offsetof(type, member), .size = sizeof(((type *)NULL)->member[0]),               \
	.max_items = sizeof(((type *)NULL)->member) / sizeof(((type *)NULL)->member[0]),           \
	.nr_offset = offsetof(type, nr)
#define LIST_AT(member, nr) LIST_IN(struct config, member, nr)

static const struct config_option address_members[] = {
	{.key = "bind",
	 .type = CONFIG_ADDRESS,
	 .offset = offsetof(struct config_public, bind),
	 .size = sizeof(struct sp_prefix),
	 .apply = CONFIG_APPLY_BOTH,
	 .help = "The address that packets carry. It must be one of this host's own, outside "
		 "builds.networks, and in no other item. Or an IPv6 prefix of 64 to 80 bits that "
		 "is routed to this host: each node then has an address of its own there, never "
		 "given twice, with ssh at port 22 and each forward at its own port. Such an item "
		 "has neither advertise nor ports, and in its pool there is no other IPv6."},
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
	{.key = "sessions",
	 .type = CONFIG_INTEGER,
	 .fallback = "4096",
	 IN(struct config_public, sessions),
	 .min = 1,
	 .max = 65535,
	 .apply = CONFIG_APPLY_CONTROL,
	 .help = "Of a prefix: how many nodes and forwards it holds at once, with those that have "
		 "ended and are in quarantine. Each takes 64 bytes for each CPU and worker."},
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
