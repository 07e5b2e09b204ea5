/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/clients.h"

#include <stdio.h>
#include <string.h>

#include "cli/talk/talk.h"

/* "ssh -p PORT -o HostKeyAlias=ALIAS USER@HOST", in its parts. */
struct way {
	int port;
	char options[256]; /* those after the port */
	char user[64];	   /* with its @ */
	const char *host;
	const char *open, *close; /* around it where a colon follows */
};

/* Result: whether the node has one. */
static bool read_way(const json_t *node, struct way *way)
{
	const char *ssh = json_string_value(json_object_get(node, "ssh"));
	const char *options = ssh ? strstr(ssh, " -o ") : NULL;
	const char *target = options ? strrchr(ssh, ' ') : NULL;
	const char *at = target ? strrchr(target, '@') : NULL;
	bool colon;

	if (!at)
		return false;
	colon = strchr(at, ':');
	way->port = (int)talk_number(node, "public_port");
	snprintf(way->options, sizeof(way->options), "%.*s", (int)(target - options - 1),
		 options + 1);
	snprintf(way->user, sizeof(way->user), "%.*s", (int)(at - target), target + 1);
	way->host = at + 1;
	way->open = colon ? "[" : "";
	way->close = colon ? "]" : "";
	return true;
}

static void print_way(const struct way *way)
{
	printf("  scp       scp -P %d %s FILE %s%s%s%s:\n", way->port, way->options, way->user,
	       way->open, way->host, way->close);
	printf("  sftp      sftp -P %d %s %s%s%s%s\n", way->port, way->options, way->user,
	       way->open, way->host, way->close);
	printf("  rsync     rsync -e 'ssh -p %d %s' FILE %s%s%s%s:\n", way->port, way->options,
	       way->user, way->open, way->host, way->close);
	printf("  PuTTY     plink -P %d %s%s\n", way->port, way->user, way->host);
	printf("  dropbear  dbclient -p %d %s%s\n", way->port, way->user, way->host);
	printf("  library   libssh and paramiko look for [%s]:%d in known_hosts\n", way->host,
	       way->port);
}

void cli_clients_print(const struct cli *cli, const json_t *build)
{
	const json_t *node;
	struct way way;
	size_t i;

	json_array_foreach (json_object_get(build, "nodes"), i, node) {
		if (!read_way(node, &way))
			continue;
		printf("node %d:\n", (int)talk_number(node, "index"));
		print_way(&way);
	}
	puts("dropbear keeps one key for an address, whatever the port. What each client prints "
	     "when\na session is over: docs/TROUBLESHOOTING.md.");
}
