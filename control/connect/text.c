/* SPDX-License-Identifier: BSD-3-Clause */
#include "connect/text.h"

#include <stdbool.h>
#include <string.h>

#include "connect/clients.h"
#include "connect/command.h"
#include "host/addr.h"
#include "model/build.h"
#include "model/wall_time.h"

static const char *const headings[] = {
	[CONNECT_ENABLE] = "Debug via SSH",
	[CONNECT_WAIT] = "Wait for SSH",
};

uint64_t connect_text_end_wall_ns(const struct connect *connect)
{
	const struct build *build = connect->build;

	return build_is_open(build) ? clock_wall_at(&connect->now, build->deadline_ns)
				    : build->ended_wall_ns;
}

static void write_markdown_escaped(const char *text, FILE *out)
{
	for (; *text; text++) {
		if (strchr("\\`*_{}[]<>#|!~&", *text))
			fputc('\\', out);
		fputc(*text, out);
	}
}

static void write_plain(const char *text, FILE *out)
{
	fputs(text, out);
}

typedef void writer(const char *text, FILE *out);

static writer *writer_of(bool markdown)
{
	return markdown ? write_markdown_escaped : write_plain;
}

static void write_heading(const struct connect *connect, const struct node *node, bool markdown,
			  FILE *out)
{
	const struct build *build = connect->build;

	fprintf(out, "%s%s: ", markdown ? "### " : "", headings[connect->view]);
	writer_of(markdown)(build->title, out);
	if (build->nr_nodes > 1)
		fprintf(out, " (node %u, %u in all)", node->index, build->nr_nodes);
	fputs("\n\n", out);
}

/* How long the way in is open, in one sentence. */
static void write_end(const struct connect *connect, FILE *out)
{
	const struct build *build = connect->build;
	char end[WALL_TIME_BYTES], left[WALL_TIME_BYTES], linger[WALL_TIME_BYTES];

	model_wall_time_print_minute(connect_text_end_wall_ns(connect), end);
	model_wall_time_print_duration(clock_left_ns(&connect->now, build->deadline_ns), left);
	model_wall_time_print_duration(build->linger_ns, linger);
	switch (build->state) {
	case SESSION_ENDED:
		fprintf(out, "This session ended at %s (%s). Rebuild with SSH for a new one.\n",
			end, model_session_reason_name(build->reason));
		break;
	case SESSION_FINISHED:
		fprintf(out,
			"The build has finished. The VM stays until %s, %s from now, "
			"unless you cancel it.\n",
			end, left);
		break;
	default:
		fprintf(out,
			"The VM stays for %s after the build finishes, and until %s "
			"at the latest.\n",
			linger, end);
	}
}

/* "192.0.2.50 (vnc) since 2026-11-23 11:50 UTC" */
static void write_client(const struct connect_client *client, bool is_ssh, FILE *out)
{
	char addr[ADDR_TEXT_BYTES], since[WALL_TIME_BYTES];

	fputs(addr_format(&client->addr, addr), out);
	if (!is_ssh)
		fprintf(out, " (%s)", client->forward);
	fprintf(out, " since %s", model_wall_time_print_minute(client->since_wall_ns, since));
}

/* Who is connected to this VM now. */
static void write_clients(const struct connect *connect, const struct node *node, FILE *out)
{
	const struct connect_clients *clients = connect->clients;
	unsigned int nr = 0;

	if (!clients)
		return;
	for (unsigned int i = 0; i < clients->nr; i++) {
		const struct connect_client *client = &clients->item[i];

		if (client->node != node->index)
			continue;
		fputs(nr++ ? ", " : "Connected now: ", out);
		write_client(client, client->forward == node->forwards[0].name, out);
	}
	if (nr)
		fputs(".\n", out);
	else if (connect->build->connected_wall_ns && !clients->left_out)
		fputs("Nobody is connected now.\n", out);
	if (clients->left_out)
		fprintf(out, "%u more connections to this build are open.\n", clients->left_out);
}

static void write_waiting(const struct connect *connect, const struct node *node, FILE *out)
{
	const struct build *build = connect->build;
	char since[WALL_TIME_BYTES];

	if (connect->view != CONNECT_WAIT || !build_is_open(build))
		return;
	write_clients(connect, node, out);
	if (build->connected_wall_ns)
		fprintf(out, "First connection: %s.\n",
			model_wall_time_print_minute(build->connected_wall_ns, since));
	else
		fputs("Nobody has connected yet: still waiting for you.\n", out);
}

static void write_state(const struct connect *connect, const struct node *node, FILE *out)
{
	if (!build_is_open(connect->build))
		return;
	if (node->state == NODE_RESERVED && connect->build->state == SESSION_FINISHED)
		fputs("The build has finished without ever having a VM's address.\n", out);
	else if (node->state == NODE_RESERVED)
		fputs("The VM has not started yet: host and port are reserved and will not "
		      "change.\n",
		      out);
	else if (node->state == NODE_UNREACHABLE)
		fputs("The VM does not answer on its SSH port at the moment.\n", out);
}

static void write_list(const char *before, const struct strings *strings, bool markdown, FILE *out)
{
	for (unsigned int i = 0; i < strings->nr; i++) {
		fputs(i ? ", " : before, out);
		writer_of(markdown)(strings->item[i], out);
	}
	if (strings->nr)
		fputs(".\n", out);
}

static void write_keys(const struct connect *connect, bool markdown, FILE *out)
{
	const struct build *build = connect->build;
	char as_of[WALL_TIME_BYTES];

	if (!build_is_open(build))
		return;
	fputs("Use the same SSH key as for your code host (GitHub, Bitbucket)", out);
	if (build->keys_as_of_wall_ns)
		fprintf(out, ", added there before %s",
			model_wall_time_print_minute(build->keys_as_of_wall_ns, as_of));
	fputs(".\n", out);
	if (build->keys_as_of_wall_ns)
		fputs("A key that was added later works in builds that start later.\n", out);
	write_list("Meant for: ", &build->actors, markdown, out);
	write_list("Keys that the VM was given: ", &build->key_fingerprints, markdown, out);
}

static void write_forwards(const struct connect *connect, const struct node *node,
			   const char *bullet, FILE *out)
{
	for (unsigned int i = 1; i < node->nr_forwards; i++) {
		const struct forward *forward = &node->forwards[i];
		char text[ADDR_TEXT_BYTES];

		fprintf(out, "%s%s: %s port %u%s\n", bullet, forward->name,
			connect_command_host(connect->settings, forward, text),
			forward->public_port,
			forward->protocol_mask == SP_PROTOCOL_UDP ? " (UDP)" : "");
	}
}

static void write_body(const struct connect *connect, const struct node *node, bool markdown,
		       FILE *out)
{
	write_state(connect, node, out);
	write_keys(connect, markdown, out);
	write_end(connect, out);
	write_waiting(connect, node, out);
}

void connect_text_write_text(const struct connect *connect, const struct node *node, FILE *out)
{
	write_heading(connect, node, false, out);
	if (build_is_open(connect->build)) {
		fputs("    ", out);
		connect_command_write(connect, node, out);
		fputc('\n', out);
		write_forwards(connect, node, "    ", out);
		fputc('\n', out);
	}
	write_body(connect, node, false, out);
}

void connect_text_write_markdown(const struct connect *connect, const struct node *node, FILE *out)
{
	write_heading(connect, node, true, out);
	if (build_is_open(connect->build)) {
		fputs("```sh\n", out);
		connect_command_write(connect, node, out);
		fputs("\n```\n\n", out);
		write_forwards(connect, node, "- ", out);
		if (node->nr_forwards > 1)
			fputc('\n', out);
	}
	write_body(connect, node, true, out);
}
