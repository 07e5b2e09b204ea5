/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/clients.h"

#include <stdio.h>
#include <string.h>

#include "cli/talk/talk.h"

/* "ssh -p PORT -o HostKeyAlias=ALIAS USER@HOST", in its parts. */
struct way {
	const char *ssh; /* all of it, from "ssh " on */
	int port;
	char options[256]; /* those after the port */
	const char *alias; /* in them */
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
	way->ssh = ssh;
	way->port = (int)talk_number(node, "public_port");
	snprintf(way->options, sizeof(way->options), "%.*s", (int)(target - options - 1),
		 options + 1);
	way->alias = strchr(way->options, '=') ? strchr(way->options, '=') + 1 : "";
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
	printf("  dropbear  dbclient -p %d %s%s\n", way->port, way->user, way->host);
}

/* Result: the part of a key in OpenSSH's form that is the key; its length in *ret_len. */
static const char *key_blob(const json_t *key, size_t *ret_len)
{
	const char *text = json_string_value(key);
	const char *blob = text ? strchr(text, ' ') : NULL;

	*ret_len = blob ? strcspn(blob + 1, " ") : 0;
	return blob ? blob + 1 : "";
}

/* PuTTY knows no alias, but takes a key beside the command. */
static void print_putty(const struct way *way, const json_t *keys)
{
	const json_t *key;
	const char *blob;
	size_t i, len;

	printf("  PuTTY     plink -P %d", way->port);
	json_array_foreach (keys, i, key) {
		blob = key_blob(key, &len);
		if (len > 0)
			printf(" -hostkey %.*s", (int)len, blob);
	}
	printf(" %s%s\n", way->user, way->host);
}

static void print_mosh(const struct way *way, const json_t *forwards)
{
	const json_t *forward;
	size_t i;

	json_array_foreach (forwards, i, forward) {
		if (strcmp(talk_text(forward, "name"), "mosh") != 0 ||
		    strcmp(talk_text(forward, "protocol"), "udp") != 0)
			continue;
		printf("  mosh      MOSH_KEY=$(ssh -n %s LC_ALL=C.UTF-8 mosh-server new -p %d | "
		       "sed -n "
		       "'s/^MOSH CONNECT [0-9]* //p') mosh-client %s %d\n",
		       way->ssh + strlen("ssh "), (int)talk_number(forward, "port"), way->host,
		       (int)talk_number(forward, "public_port"));
		return;
	}
	puts("  mosh      needs a forward \"mosh\" of UDP");
}

static void print_editors(const struct way *way)
{
	int len = (int)strcspn(way->user, "@");

	printf("  VS Code   vscode://vscode-remote/ssh-remote+%s/ (by the ssh_config block)\n",
	       way->alias);
	printf("  JetBrains jetbrains-gateway://connect#type=ssh&deploy=true&host=%s&port=%d",
	       way->host, way->port);
	if (len > 0)
		printf("&user=%.*s&projectPath=/home/%.*s", len, way->user, len, way->user);
	putchar('\n');
}

static void print_known_hosts(const struct way *way, const json_t *keys)
{
	const json_t *key;
	size_t i;

	printf("  library   libssh and paramiko look for [%s]:%d in known_hosts%s\n", way->host,
	       way->port, json_array_size(keys) ? ":" : "");
	json_array_foreach (keys, i, key)
		printf("    [%s]:%d %s\n", way->host, way->port, json_string_value(key));
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
		print_putty(&way, json_object_get(node, "host_keys"));
		print_mosh(&way, json_object_get(node, "forwards"));
		print_editors(&way);
		print_known_hosts(&way, json_object_get(node, "host_keys"));
	}
	puts("dropbear keeps one key for an address, whatever the port. What each client prints "
	     "when\na session is over: docs/TROUBLESHOOTING.md.");
}
