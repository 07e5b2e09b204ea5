/* SPDX-License-Identifier: BSD-3-Clause */
#include "connect/command.h"

#include <inttypes.h>

#include "connect/connect.h"
#include "host/addr.h"
#include "model/build.h"
#include "model/settings.h"

const char *connect_command_host(const struct model_settings *settings,
				 const struct forward *forward, char text[ADDR_TEXT_BYTES])
{
	if (forward->public_index >= settings->nr_publics)
		return "";
	if (settings->publics[forward->public_index].sessions)
		return addr_format(&forward->public_addr, text);
	return settings->publics[forward->public_index].advertise;
}

void connect_command_write_alias(const struct build *build, const struct node *node, FILE *out)
{
	fprintf(out, "%s-%" PRIu32, build->id, node->index);
	if (build->id_used_before)
		fprintf(out, ".%" PRIu64, build->serial);
}

void connect_command_write(const struct connect *connect, const struct node *node, FILE *out)
{
	const struct build *build = connect->build;
	const struct forward *ssh = &node->forwards[0];
	char text[ADDR_TEXT_BYTES];

	fputs("ssh ", out);
	if (ssh->public_port != FORWARD_SSH_PORT)
		fprintf(out, "-p %u ", ssh->public_port);
	fputs("-o HostKeyAlias=", out);
	connect_command_write_alias(build, node, out);
	fprintf(out, " %s%s%s", build->user ? build->user : "", build->user ? "@" : "",
		connect_command_host(connect->settings, ssh, text));
}
