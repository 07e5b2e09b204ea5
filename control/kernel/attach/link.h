/* SPDX-License-Identifier: BSD-3-Clause */
/* Links as they are pinned, and what is on an interface. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct attach_target;

/* One XDP link. */
struct link {
	int fd; /* -1: none */
	uint32_t id;
	uint32_t ifindex; /* 0: the interface is gone */
	uint32_t prog_id;
};

/*
 * Opens a pinned link. Result: 0 and *ret_link, whose fd is -1 if nothing is pinned there and else
 * the caller's; -EEXIST if something else is; or -errno.
 */
int attach_link_open(const char *bpf_dir, const char *name, struct link *ret_link);

/* Takes in what the kernel says of link->fd. Result: 0 or -errno (-EEXIST: no XDP link). */
int attach_link_read(struct link *link);

/* What an interface has. */
struct link_programs {
	uint32_t prog_id; /* that packets meet; 0: none */
	bool native;
	uint32_t others[2]; /* in another mode beside it, or 0 */
};

/* Result: 0 and *ret_programs, or -errno. */
int attach_link_programs(uint32_t ifindex, struct link_programs *ret_programs);

/* Result: whether that link holds what packets meet on that interface. */
bool attach_link_is_on(const struct link *link, uint32_t ifindex,
		       const struct link_programs *programs);

/* Result: the id of whatever link holds that program on that interface, 0: none (netlink does). */
uint32_t attach_link_holding(uint32_t ifindex, uint32_t prog_id);

/* Where links of ours are pinned; the last two by a start that was cut short. */
#define ATTACH_LINK_NAMES 4
extern const char *const attach_link_names[ATTACH_LINK_NAMES];

/* Result: the name of the pin of a target's link. */
const char *attach_link_name(const struct attach_target *target);

/*
 * Attaches a program by a new link, natively or generically. Result: the descriptor, or -errno and
 * *ret_reason, with the driver's own words if it has any.
 */
int attach_link_create(const struct attach_target *target, int prog_fd, bool native,
		       char **ret_reason);

/*
 * Whether the device, whose program is native, takes what programs of other devices send to it, and
 * that in pieces too if they are. Result: 0, also if the kernel does not say (before 6.3); or
 * -EOPNOTSUPP and *ret_reason.
 */
int attach_link_judge(const struct attach_target *target, bool pieces, char **ret_reason);

/* Result: whether its driver is known to give a program frames in pieces (Linux 6.3 and later). */
bool attach_link_takes_pieces(const struct attach_target *target);
