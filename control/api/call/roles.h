/* SPDX-License-Identifier: BSD-3-Clause */
/* Who may do what: roles by what the kernel says of a connection's peer. */
#pragma once

#include "api/call/route.h"

struct api_roles;
struct config;
struct ucred;

/*
 * Looks up the users and groups of config->api.roles. Result: 0 and *ret_roles to be freed; -ENOENT
 * with *ret_reason, a sentence to be freed, for one that does not exist; -ENOMEM.
 */
int call_roles_new(const struct config *config, struct api_roles **ret_roles, char **ret_reason);

/* NULL is allowed. */
void call_roles_free(struct api_roles *roles);

/*
 * Result: the highest role of a peer. root and the daemon's own user are orchestrators; whoever
 * else the socket's permissions let in is a viewer at least. fd is the connection, for the peer's
 * supplementary groups.
 */
enum api_role call_roles_find(const struct api_roles *roles, const struct ucred *peer, int fd);
