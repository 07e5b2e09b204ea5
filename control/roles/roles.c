/* SPDX-License-Identifier: BSD-3-Clause */
#include "roles/roles.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/config.h"

#define GROUPS_MAX 1024

struct rule {
	bool group; /* id is a gid */
	uint32_t id;
	enum api_role role;
};

struct roles {
	unsigned int nr;
	struct rule rules[CONFIG_ROLES_MAX];
};

const char *roles_name(enum api_role role)
{
	static const char *const names[] = {
		[API_ROLE_NONE] = "none",
		[API_ROLE_VIEWER] = "viewer",
		[API_ROLE_OPERATOR] = "operator",
		[API_ROLE_ORCHESTRATOR] = "orchestrator",
	};

	return names[role];
}

static const enum api_role role_of[] = {
	[CONFIG_ROLE_VIEWER] = API_ROLE_VIEWER,
	[CONFIG_ROLE_OPERATOR] = API_ROLE_OPERATOR,
	[CONFIG_ROLE_ORCHESTRATOR] = API_ROLE_ORCHESTRATOR,
};

static int not_there(const char *what, const char *name, char **ret_reason)
{
	if (asprintf(ret_reason, "api.roles: there is no %s \"%s\" on this host.", what, name) < 0)
		return -ENOMEM;
	return -ENOENT;
}

static int make_rule(const struct config_role *row, struct rule *rule, char **ret_reason)
{
	*rule = (struct rule){.role = role_of[row->role], .group = row->group[0] != '\0'};
	if (rule->group) {
		const struct group *group = getgrnam(row->group);

		if (!group)
			return not_there("group", row->group, ret_reason);
		rule->id = group->gr_gid;
	} else if (row->user[0]) {
		const struct passwd *user = getpwnam(row->user);

		if (!user)
			return not_there("user", row->user, ret_reason);
		rule->id = user->pw_uid;
	} else {
		rule->id = (uint32_t)row->uid;
	}
	return 0;
}

int roles_new(const struct config *config, struct roles **ret_roles, char **ret_reason)
{
	struct roles *roles = calloc(1, sizeof(*roles));

	if (!roles)
		return -ENOMEM;
	for (unsigned int i = 0; i < config->api.nr_roles; i++) {
		int r = make_rule(&config->api.roles[i], &roles->rules[i], ret_reason);

		if (r < 0) {
			free(roles);
			return r;
		}
		roles->nr++;
	}
	*ret_roles = roles;
	return 0;
}

void roles_free(struct roles *roles)
{
	free(roles);
}

struct peer_groups {
	unsigned int nr;
	gid_t gid[GROUPS_MAX];
};

static void read_groups(const struct ucred *peer, int fd, struct peer_groups *groups)
{
	socklen_t len = sizeof(groups->gid) - sizeof(gid_t);

	groups->gid[0] = peer->gid;
	groups->nr = 1;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, &groups->gid[1], &len) == 0)
		groups->nr += len / sizeof(gid_t);
}

static bool rule_fits(const struct rule *rule, const struct ucred *peer,
		      const struct peer_groups *groups)
{
	if (!rule->group)
		return rule->id == peer->uid;
	for (unsigned int i = 0; i < groups->nr; i++) {
		if (groups->gid[i] == rule->id)
			return true;
	}
	return false;
}

enum api_role roles_find(const struct roles *roles, const struct ucred *peer, int fd)
{
	enum api_role role = API_ROLE_VIEWER;
	struct peer_groups groups;

	if (peer->uid == (uid_t)-1)
		return API_ROLE_NONE;
	if (peer->uid == 0 || peer->uid == geteuid())
		return API_ROLE_ORCHESTRATOR;
	read_groups(peer, fd, &groups);
	for (unsigned int i = 0; i < roles->nr; i++) {
		const struct rule *rule = &roles->rules[i];

		if (rule->role > role && rule_fits(rule, peer, &groups))
			role = rule->role;
	}
	return role;
}
