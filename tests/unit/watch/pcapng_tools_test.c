/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random packets, losses and texts: whatever is written, tshark reads just that, from the file and
 * from what each of Wireshark's editors makes of it.
 */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "watch/capture/pcapng.h"

#define NR_PACKETS 1000
#define SEED	   20261129

struct files {
	char dir[32];
	char command[512];
	char *wanted; /* what tshark is to print */
	size_t bytes;
};

static int set_up(void **state)
{
	static struct files files;

	strcpy(files.dir, "/tmp/pcapng-XXXXXX");
	assert_non_null(mkdtemp(files.dir));
	srandom(SEED);
	*state = &files;
	return 0;
}

static int tear_down(void **state)
{
	struct files *files = *state;

	snprintf(files->command, sizeof(files->command), "rm -r %s", files->dir);
	free(files->wanted);
	return system(files->command);
}

/* A text of any length that is printed as it is. */
static const char *random_text(char text[PCAPNG_TEXT_MAX + 1])
{
	static const char letters[] = "abcXYZ0189 .,:;-_/()[]{}<>!?=+*&%$#@";
	size_t length = 1 + (size_t)random() % PCAPNG_TEXT_MAX;

	for (size_t i = 0; i < length; i++)
		text[i] = letters[(size_t)random() % (sizeof(letters) - 1)];
	text[0] = text[length - 1] = 'x';
	text[length] = '\0';
	return text;
}

static void write_packet(FILE *file, FILE *wanted, uint64_t wall_ns)
{
	char block[PCAPNG_BLOCK_MAX], fate[PCAPNG_TEXT_MAX + 1], loss[PCAPNG_TEXT_MAX + 1];
	unsigned char data[256];
	struct pcapng_packet packet = {
		.interface = (uint32_t)random() % 2,
		.wall_ns = wall_ns,
		.kept_bytes = (uint32_t)random() % (sizeof(data) + 1),
		.data = data,
		.fate = random_text(fate),
		.lost = random() % 2 ? 0 : (uint64_t)random() * (uint64_t)random(),
	};

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)random();
	data[12] = 0x88; /* 88b5, for experiments: nobody tries to make sense of the rest */
	data[13] = 0xb5;
	packet.frame_bytes = packet.kept_bytes + (uint32_t)random() % 65536;
	packet.loss = packet.lost ? random_text(loss) : NULL;
	fwrite(block, capture_pcapng_packet(block, &packet), 1, file);
	fprintf(wanted, "%" PRIu64 ".%09" PRIu64 "|eth%u|%u|%u|0x00000001|", wall_ns / 1000000000,
		wall_ns % 1000000000, packet.interface, packet.kept_bytes, packet.frame_bytes);
	if (packet.lost)
		fprintf(wanted, "%" PRIu64 "|%s~%s\n", packet.lost, fate, loss);
	else
		fprintf(wanted, "|%s\n", fate);
}

static void write_file(struct files *files)
{
	struct pcapng_statistics statistics = {.wall_ns = 1, .received = 3};
	char block[PCAPNG_BLOCK_MAX], text[PCAPNG_TEXT_MAX + 1];
	FILE *wanted = open_memstream(&files->wanted, &files->bytes), *file;
	uint64_t wall_ns = 1795800000123456789;

	snprintf(files->command, sizeof(files->command), "%s/written", files->dir);
	file = fopen(files->command, "wb");
	assert_true(file && wanted);
	fwrite(block, capture_pcapng_section(block, "sallyport", random_text(text)), 1, file);
	fwrite(block, capture_pcapng_interface(block, "eth0", random_text(text), 256), 1, file);
	fwrite(block, capture_pcapng_interface(block, "eth1", random_text(text), 256), 1, file);
	for (unsigned int i = 0; i < NR_PACKETS; i++)
		write_packet(file, wanted, wall_ns += 1 + (uint64_t)random());
	for (; statistics.interface < 2; statistics.interface++)
		fwrite(block, capture_pcapng_statistics(block, &statistics), 1, file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(fclose(wanted), 0);
}

static void expect_of_tshark(struct files *files, const char *name)
{
	char *text = NULL;
	size_t space = 0;
	ssize_t bytes;
	FILE *said;

	snprintf(files->command, sizeof(files->command),
		 "tshark -n -r %s/%s -T fields -E separator='|' -E "
		 "aggregator=~ "
		 "-e frame.time_epoch -e frame.interface_name -e frame.cap_len -e frame.len "
		 "-e frame.packet_flags -e frame.drop_count -e frame.comment 2>%s/complaints",
		 files->dir, name, files->dir);
	said = popen(files->command, "r");
	assert_non_null(said);
	bytes = getdelim(&text, &space, '\0', said);
	assert_int_equal(pclose(said), 0);
	assert_int_equal(bytes, files->bytes);
	assert_string_equal(text, files->wanted);
	free(text);
}

static void edit(struct files *files, const char *format)
{
	char command[256];

	snprintf(command, sizeof(command), format, "written", "edited");
	snprintf(files->command, sizeof(files->command),
		 "cd %s && %s 2>edits && ! grep -v '^Running as user' edits", files->dir, command);
	assert_int_equal(system(files->command), 0);
	expect_of_tshark(files, "edited");
}

static void test_file_when_random_then_every_tool_reads_it_as_it_was_written(void **state)
{
	struct files *files = *state;

	if (system("command -v tshark editcap reordercap mergecap >/dev/null") != 0) {
		print_message("# skipped: needs tshark and wireshark-common\n");
		skip();
	}
	write_file(files);
	expect_of_tshark(files, "written");
	edit(files, "editcap %s %s");
	edit(files, "reordercap %s %s >/dev/null");
	edit(files, "mergecap %s -w %s");
	edit(files, "tshark -r %s -w %s");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_file_when_random_then_every_tool_reads_it_as_it_was_written, set_up,
			tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
