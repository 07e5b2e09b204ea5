/* SPDX-License-Identifier: BSD-3-Clause */
/* sallyport trace: what becomes of a packet, and why. It asks the table, not the daemon. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/talk/print.h"
#include "cli/talk/talk.h"
#include "cli/trace/frame.h"
#include "cli/trace/judge.h"
#include "host/addr.h"
#include "host/table_map.h"

#define NS_IN_S 1000000000ULL

static const struct {
	const char *name;
	const char *help;
} verdicts[] = {
#define X(NAME, name, fate, help) [SP_##NAME] = {#name, help},
	SP_VERDICT_LIST(X)
#undef X
};

static const char *const fates[] = {
	[SP_FATE_PASS] = "left to the kernel",
	[SP_FATE_CARRY] = "carried",
	[SP_FATE_ANSWER] = "answered",
	[SP_FATE_DROP] = "dropped",
};

static const char *const states[] = {
	[SP_SLOT_FREE] = "free",
	[SP_SLOT_RESERVED] = "reserved",
	[SP_SLOT_LIVE] = "live",
	[SP_SLOT_ENDED] = "ended",
};

static json_t *endpoint(const struct sp_addr *addr, __be16 port_be)
{
	const char *format = addr_family(addr) == 4 ? "%s:%u" : "[%s]:%u";
	char text[ADDR_TEXT_BYTES];

	return json_sprintf(format, addr_format(addr, text), SP_HOST16(port_be));
}

static json_t *render_lease(const struct trace *trace)
{
	const struct sp_slot *slot = &trace->slot;
	json_t *vm = slot->state >= SP_SLOT_LIVE ? endpoint(&slot->vm_addr, slot->vm_port_be)
						 : json_null();

	return json_pack("{s:o, s:o, s:s, s:I}", "public",
			 endpoint(&slot->public_addr, slot->public_port_be), "vm", vm, "state",
			 slot->state <= SP_SLOT_ENDED ? states[slot->state] : "?", "remaining_s",
			 (json_int_t)(trace->left_ns / NS_IN_S));
}

static json_t *render_way(const struct trace *trace)
{
	char text[ADDR_TEXT_BYTES];

	return json_pack("{s:o, s:o, s:s, s:s?, s:s?}", "from",
			 endpoint(&trace->after.from, trace->after.from_port_be), "to",
			 endpoint(&trace->after.to, trace->after.to_port_be), "engine",
			 trace->by_dataplane ? "dpdk" : "xdp", "interface",
			 trace->has_hop ? trace->interface : NULL, "next_hop",
			 trace->has_hop ? addr_format(&trace->hop, text) : NULL);
}

static json_t *render(const struct trace *trace, unsigned long number)
{
	enum sp_fate fate = sp_verdict_fate(trace->verdict);
	json_t *all = json_pack("{s:I, s:s, s:s, s:s}", "number", (json_int_t)number, "verdict",
				verdicts[trace->verdict].name, "fate", fates[fate], "why",
				verdicts[trace->verdict].help);

	if (trace->parsed) {
		const struct sp_tuple *tuple = &trace->packet.tuple;

		json_object_set_new(all, "from", endpoint(&tuple->from, tuple->from_port_be));
		json_object_set_new(all, "to", endpoint(&tuple->to, tuple->to_port_be));
	}
	if (trace->found)
		json_object_set_new(all, "lease", render_lease(trace));
	if (trace->after.to_port_be)
		json_object_set_new(all, "way", render_way(trace));
	return all;
}

static void print_lease(const json_t *lease)
{
	char left[24];

	printf("  lease: %s to %s, %s", talk_text(lease, "public"), talk_text(lease, "vm"),
	       talk_text(lease, "state"));
	if (strcmp(talk_text(lease, "state"), "live") == 0)
		printf(", %s left",
		       talk_print_duration((long)talk_number(lease, "remaining_s"), left));
	putchar('\n');
}

static void print_one(const json_t *one)
{
	const json_t *lease = json_object_get(one, "lease"), *way = json_object_get(one, "way");

	printf("%" JSON_INTEGER_FORMAT ": %s to %s: %s, %s: %s\n", talk_number(one, "number"),
	       talk_text(one, "from"), talk_text(one, "to"), talk_text(one, "fate"),
	       talk_text(one, "verdict"), talk_text(one, "why"));
	if (lease)
		print_lease(lease);
	if (way)
		printf("  becomes: %s to %s, by %s, out of %s to %s\n", talk_text(way, "from"),
		       talk_text(way, "to"), talk_text(way, "engine"), talk_text(way, "interface"),
		       talk_text(way, "next_hop"));
}

/* What all packets of one call have in common. */
struct job {
	struct cli *cli;
	struct trace_edge edge;
	struct trace_capture *capture; /* NULL: none, the packet is described */
	uint32_t role;
	unsigned long number;
};

static void trace_one(struct job *job, const struct trace_frame *frame)
{
	struct trace trace = trace_judge(&job->edge, frame->data, frame->bytes, job->role);
	json_t *one = render(&trace, ++job->number);

	if (job->cli->json) {
		json_dumpf(one, stdout, JSON_COMPACT);
		putchar('\n');
	} else {
		print_one(one);
	}
	json_decref(one);
}

static enum cli_exit trace_capture(struct job *job, struct trace_frame *frame)
{
	const char *path = job->cli->operand;
	int got;

	do {
		got = trace_frame_capture_next(job->capture, frame);
		if (got > 0)
			trace_one(job, frame);
	} while (got > 0);
	return got < 0 ? talk_fail(CLI_EXIT_REFUSED, "the capture %s is damaged after packet %lu",
				   path, job->number)
		       : CLI_EXIT_OK;
}

static enum cli_exit read_endpoint(const struct cli *cli, const char *option,
				   struct trace_endpoint *ret_endpoint)
{
	const char *text = talk_option(cli, option);

	if (!text)
		return talk_fail(CLI_EXIT_USAGE, "a capture, or --from and --to, is missing");
	if (trace_frame_endpoint_parse(text, ret_endpoint) < 0)
		return talk_fail(CLI_EXIT_USAGE, "%s is ADDR:PORT or [ADDR]:PORT, not %s", option,
				 text);
	return CLI_EXIT_OK;
}

static enum cli_exit read_number(const struct cli *cli, const char *option, unsigned long max,
				 unsigned long *number)
{
	const char *text = talk_option(cli, option);
	char *end;

	if (!text)
		return CLI_EXIT_OK;
	*number = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || *number > max)
		return talk_fail(CLI_EXIT_USAGE, "%s is a number up to %lu, not %s", option, max,
				 text);
	return CLI_EXIT_OK;
}

static enum cli_exit read_l4(const struct cli *cli, struct trace_description *description)
{
	const char *protocol = talk_option(cli, "--protocol"), *flags = talk_option(cli, "--flags");

	if (protocol && strcmp(protocol, "udp") == 0)
		description->protocol = SP_PROTOCOL_UDP;
	else if (protocol && strcmp(protocol, "tcp") != 0)
		return talk_fail(CLI_EXIT_USAGE, "--protocol is tcp or udp, not %s", protocol);
	if (flags && trace_frame_flags_parse(flags, &description->tcp_flags) < 0)
		return talk_fail(CLI_EXIT_USAGE, "--flags are letters of FSRPAU, not %s", flags);
	return CLI_EXIT_OK;
}

static enum cli_exit describe(const struct cli *cli, struct trace_description *description)
{
	unsigned long ttl = SP_TTL_DEFAULT, bytes = 0;
	enum cli_exit code = read_endpoint(cli, "--from", &description->from);

	if (code == CLI_EXIT_OK)
		code = read_endpoint(cli, "--to", &description->to);
	if (code == CLI_EXIT_OK)
		code = read_l4(cli, description);
	if (code == CLI_EXIT_OK)
		code = read_number(cli, "--ttl", UINT8_MAX, &ttl);
	if (code == CLI_EXIT_OK)
		code = read_number(cli, "--bytes", UINT16_MAX, &bytes);
	if (code != CLI_EXIT_OK)
		return code;
	if (addr_family(&description->from.addr) != addr_family(&description->to.addr))
		return talk_fail(CLI_EXIT_USAGE, "--from and --to are of different families");
	description->ttl = (uint8_t)ttl;
	description->bytes = (uint16_t)bytes;
	return CLI_EXIT_OK;
}

static enum cli_exit trace_described(struct job *job, struct trace_frame *frame)
{
	struct trace_description description = {.protocol = SP_PROTOCOL_TCP,
						.tcp_flags = SP_TCP_SYN};
	struct sp_table table = table_map_view(job->edge.map);
	enum cli_exit code;

	code = describe(job->cli, &description);
	if (code != CLI_EXIT_OK)
		return code;
	if (!talk_option(job->cli, "--flags") && sp_in_builds(&table, &description.from.addr))
		description.tcp_flags = SP_TCP_ACK;
	trace_frame_make(&description, frame);
	trace_one(job, frame);
	return CLI_EXIT_OK;
}

static enum cli_exit read_role(const struct cli *cli, uint32_t *ret_role)
{
	const char *side = talk_option(cli, "--side");

	if (!side)
		*ret_role = SP_ROLE_BOTH;
	else if (strcmp(side, "public") == 0)
		*ret_role = SP_ROLE_PUBLIC;
	else if (strcmp(side, "builds") == 0)
		*ret_role = SP_ROLE_BUILDS;
	else
		return talk_fail(CLI_EXIT_USAGE, "--side is public or builds, not %s", side);
	return CLI_EXIT_OK;
}

/* The table is looked for in one directory: that a daemon answers says that it has another. */
static enum cli_exit fail_open(struct cli *cli, const char *reason)
{
	struct client_answer answer;

	if (!reason)
		return talk_fail(CLI_EXIT_REFUSED, "out of memory");
	if (geteuid() != 0)
		return talk_fail(CLI_EXIT_PERMISSION, "%s Only root may read the table.", reason);
	if (talk_client_call(cli->client, "GET", "/v1/version", NULL, &answer) < 0)
		return talk_fail(CLI_EXIT_REFUSED,
				 "%s --bpf-dir names another edge.bpf_dir than " CLI_DEFAULT_BPF_DIR
				 ".",
				 reason);
	talk_client_answer_clear(&answer);
	return talk_fail(CLI_EXIT_REFUSED,
			 "%s The sallyportd at %s answers: give its edge.bpf_dir by --bpf-dir.",
			 reason, cli->socket);
}

static enum cli_exit trace_all(struct job *job)
{
	struct trace_frame *frame = malloc(sizeof(*frame));
	enum cli_exit code;

	if (!frame)
		return talk_fail(CLI_EXIT_REFUSED, "out of memory");
	code = job->capture ? trace_capture(job, frame) : trace_described(job, frame);
	free(frame);
	return code;
}

static enum cli_exit open_and_trace(struct job *job)
{
	const char *bpf_dir = talk_option(job->cli, "--bpf-dir");
	enum cli_exit code;
	char *reason = NULL;

	if (trace_judge_open(bpf_dir ? bpf_dir : CLI_DEFAULT_BPF_DIR, &job->edge, &reason) < 0) {
		code = fail_open(job->cli, reason);
		free(reason);
		return code;
	}
	code = trace_all(job);
	trace_judge_close(&job->edge);
	return code;
}

enum cli_exit trace_run(struct cli *cli)
{
	struct job job = {.cli = cli};
	enum cli_exit code = read_role(cli, &job.role);
	char reason[256];

	if (code != CLI_EXIT_OK)
		return code;
	if (cli->operand &&
	    trace_frame_capture_open(cli->operand, &job.capture, reason, sizeof(reason)) < 0)
		return talk_fail(CLI_EXIT_REFUSED, "the capture %s: %s", cli->operand, reason);
	code = open_and_trace(&job);
	if (job.capture)
		trace_frame_capture_close(job.capture);
	return code;
}
