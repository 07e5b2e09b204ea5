/* SPDX-License-Identifier: BSD-3-Clause */
/* Who may do what: roles by what the kernel says of a connection's peer. */
#pragma once

/* In rising order: each may do what those before it may. */
enum api_role {
	API_ROLE_NONE,
	API_ROLE_VIEWER,       /* look */
	API_ROLE_OPERATOR,     /* and finish, extend and cancel what is there */
	API_ROLE_ORCHESTRATOR, /* and declare builds */
};

/* Result: the role's name as in the config, "none" for API_ROLE_NONE; static. */
const char *roles_name(enum api_role role);

struct roles;
struct config;
struct ucred;

/*
 * Looks up the users and groups of config->api.roles. Result: 0 and *ret_roles to be freed; -ENOENT
 * with *ret_reason, a sentence to be freed, for one that does not exist; -ENOMEM.
 */
int roles_new(const struct config *config, struct roles **ret_roles, char **ret_reason);

/* NULL is allowed. */
void roles_free(struct roles *roles);

/*
 * Result: the highest role of a peer. root and the daemon's own user are orchestrators; whoever
 * else the socket's permissions let in is a viewer at least. fd is the connection, for the peer's
 * supplementary groups.
 */
enum api_role roles_find(const struct roles *roles, const struct ucred *peer, int fd);
