/* SPDX-License-Identifier: BSD-3-Clause */
/* sallyport capture: the packets of a build's leases, into a file or a pipe. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/talk/progress.h"
#include "cli/talk/talk.h"
#include "model/build.h"
#include "model/clock.h"
#include "watch/capture/limits.h"
#include "watch/capture/pcapng.h"
#include "watch/capture/tally.h"

/* The file takes whole blocks alone, so that it can be read whenever and however this ends. */
struct sink {
	const char *name; /* NULL: stdout */
	FILE *file;	  /* from the first block on: what is there stays if there is none */
	char block[PCAPNG_BLOCK_MAX];
	size_t bytes; /* of it */
	bool failed;
	struct capture_tally tally;
};

/* A signal has asked for the end. What is in the file by then is a capture like any other. */
static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
	stopped = 1;
}

/* Another one of these ends us at once; what is being written goes on. */
static void catch_signals(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {.sa_handler = on_signal,
				   .sa_flags = SA_RESTART | (int)SA_RESETHAND},
			 before;

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
}

static const char *name_of(const struct sink *sink)
{
	return sink->name ? sink->name : "stdout";
}

/* Result: false, having said what errno says. */
static bool fail(struct sink *sink)
{
	sink->failed = true;
	talk_fail(CLI_EXIT_REFUSED, "%s: %s", name_of(sink), strerror(errno));
	return false;
}

/* Result: the bytes, in all, of the block that has begun, as far as that is known. */
static size_t block_bytes(const struct sink *sink)
{
	struct pcapng_head head;

	if (sink->bytes < sizeof(head))
		return sizeof(head);
	memcpy(&head, sink->block, sizeof(head));
	return head.bytes;
}

static bool write_block(struct sink *sink, const char *block, size_t bytes)
{
	if (!sink->file)
		sink->file = sink->name ? fopen(sink->name, "wbe") : stdout;
	return (sink->file && fwrite(block, bytes, 1, sink->file) == 1) || fail(sink);
}

/* Result: false, having said so. */
static bool refuse(struct sink *sink)
{
	sink->failed = true;
	talk_fail(CLI_EXIT_REFUSED, "this is no capture: a block of %zu bytes", block_bytes(sink));
	return false;
}

static uint64_t count_packets(const struct capture_tally *tally)
{
	uint64_t packets = 0;

	for (unsigned int i = 0; i < CAPTURE_SIDES; i++)
		packets += tally->packets[i];
	return packets;
}

static bool end_block(struct sink *sink)
{
	if (capture_tally_add(&sink->tally, sink->block, sink->bytes) < 0)
		return refuse(sink);
	if (!write_block(sink, sink->block, sink->bytes))
		return false;
	sink->bytes = 0;
	if (sink->name)
		talk_progress("%" PRIu64 " packets", count_packets(&sink->tally));
	return true;
}

/* Result: whether to go on. *taken is how many of the bytes belong to the block that has begun. */
static bool take_some(struct sink *sink, const char *data, size_t bytes, size_t *taken)
{
	size_t wanted = block_bytes(sink);

	if (wanted <= sink->bytes || wanted > sizeof(sink->block))
		return refuse(sink);
	*taken = wanted - sink->bytes < bytes ? wanted - sink->bytes : bytes;
	memcpy(sink->block + sink->bytes, data, *taken);
	sink->bytes += *taken;
	return sink->bytes <= sizeof(struct pcapng_head) || sink->bytes < block_bytes(sink) ||
	       end_block(sink);
}

static bool take(void *context, const char *data, size_t bytes)
{
	struct sink *sink = context;
	size_t taken;

	for (; bytes > 0; data += taken, bytes -= taken)
		if (!take_some(sink, data, bytes, &taken))
			return false;
	return !sink->file || fflush(sink->file) == 0 || fail(sink);
}

/* Ended by whatever: without sallyportd's own statistics the file gets ours. */
static void end_file(struct sink *sink)
{
	char block[PCAPNG_BLOCK_MAX];
	struct instant now;

	model_clock_read(&now);
	for (unsigned int i = 0; i < CAPTURE_SIDES; i++)
		if (!sink->tally.ended[i] && !sink->failed)
			write_block(sink, block,
				    capture_tally_statistics(&sink->tally, i, now.wall_ns, block));
	if (fclose(sink->file) != 0 && !sink->failed)
		fail(sink);
}

static void say_counts(const struct capture_tally *tally)
{
	uint64_t packets = count_packets(tally), lost = 0;

	for (unsigned int i = 0; i < CAPTURE_SIDES; i++)
		lost += tally->lost[i];
	fprintf(stderr, "sallyport: %" PRIu64 " packets, %" PRIu64 " lost\n", packets, lost);
}

/* An option that is a number, and the query argument that it becomes. */
struct number {
	const char *option;
	const char *argument;
	unsigned long min;
	unsigned long max;
};

static enum cli_exit add_number(const struct cli *cli, FILE *path, const struct number *number)
{
	const char *text = talk_option(cli, number->option);
	unsigned long value;

	if (!text)
		return CLI_EXIT_OK;
	errno = 0;
	value = strtoul(text, NULL, 10);
	if (text[0] == '\0' || text[strspn(text, "0123456789")] != '\0' || errno ||
	    value < number->min || value > number->max)
		return talk_fail(CLI_EXIT_USAGE, "%s is a number from %lu to %lu, not %s",
				 number->option, number->min, number->max, text);
	fprintf(path, "&%s=%lu", number->argument, value);
	return CLI_EXIT_OK;
}

static enum cli_exit add_options(const struct cli *cli, FILE *path)
{
	static const struct number node = {"--node", "node", 0, BUILD_NODE_INDEX_MAX};
	static const struct number packets = {"--packets", "packets", 1, CAPTURE_PACKETS_MAX};
	const char *time = talk_option(cli, "--for");
	unsigned long seconds = CAPTURE_SECONDS_DEFAULT;
	enum cli_exit code;

	if (time && (talk_parse_duration(time, &seconds) < 0 || seconds < 1 ||
		     seconds > CAPTURE_SECONDS_MAX))
		return talk_fail(
			CLI_EXIT_USAGE,
			"--for is a time such as 90, 30m or 1h, of 1 to %d seconds, not %s",
			CAPTURE_SECONDS_MAX, time);
	fprintf(path, "?seconds=%lu", seconds);
	code = add_number(cli, path, &node);
	return code == CLI_EXIT_OK ? add_number(cli, path, &packets) : code;
}

/* Result: CLI_EXIT_OK and *ret_path, to be freed. */
static enum cli_exit make_path(struct cli *cli, char **ret_path)
{
	char *base = talk_build_path(cli, "/capture"), *path = NULL;
	size_t bytes;
	FILE *out = base ? open_memstream(&path, &bytes) : NULL;
	enum cli_exit code = CLI_EXIT_REFUSED;

	if (out) {
		fputs(base, out);
		code = add_options(cli, out);
	}
	free(base);
	if (!out || fclose(out) != 0)
		return talk_fail(CLI_EXIT_REFUSED, "out of memory");
	if (code == CLI_EXIT_OK)
		*ret_path = path;
	else
		free(path);
	return code;
}

enum cli_exit cli_capture(struct cli *cli)
{
	const char *name = talk_option(cli, "--write");
	struct sink sink = {.name = name && strcmp(name, "-") != 0 ? name : NULL};
	enum cli_exit code;
	char *path = NULL;

	if (!sink.name && isatty(STDOUT_FILENO))
		return talk_fail(CLI_EXIT_USAGE, "say --write FILE, or pipe it: | tcpdump -nr -");
	code = make_path(cli, &path);
	if (code != CLI_EXIT_OK)
		return code;
	catch_signals();
	talk_client_stop_by(cli->client, &stopped);
	code = talk_take_bytes(cli, path, take, &sink);
	free(path);
	if (sink.file)
		end_file(&sink);
	if (sink.failed)
		return CLI_EXIT_REFUSED;
	if (sink.file)
		say_counts(&sink.tally);
	return stopped && sink.file ? CLI_EXIT_OK : code;
}
