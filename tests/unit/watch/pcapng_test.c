/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch/capture/pcapng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <pcap/pcap.h>

#define WALL_NS 1795800000123456789ULL

static void write_block(FILE *file, const char *block, size_t bytes)
{
	struct pcapng_head head;
	uint32_t last;

	memcpy(&head, block, sizeof(head));
	memcpy(&last, block + bytes - sizeof(last), sizeof(last));
	assert_int_equal(head.bytes, bytes);
	assert_int_equal(last, bytes);
	assert_int_equal(bytes % 4, 0);
	assert_true(bytes <= PCAPNG_BLOCK_MAX);
	assert_int_equal(fwrite(block, bytes, 1, file), 1);
}

static void write_packet(FILE *file, uint32_t interface, uint32_t kept_bytes, const char *comment)
{
	const char data[256] = "the frame";
	char block[PCAPNG_BLOCK_MAX];
	const struct pcapng_packet packet = {
		.interface = interface,
		.wall_ns = WALL_NS + interface,
		.frame_bytes = 1500,
		.kept_bytes = kept_bytes,
		.data = data,
		.lost = interface,
		.fate = comment,
		.loss = interface ? comment : NULL,
	};

	write_block(file, block, capture_pcapng_packet(block, &packet));
}

static void write_head(FILE *file, const char *text)
{
	char block[PCAPNG_BLOCK_MAX];

	write_block(file, block, capture_pcapng_section(block, text, text));
	write_block(file, block, capture_pcapng_interface(block, "eth0", text, 128));
	write_block(file, block, capture_pcapng_interface(block, "eth1", text, 128));
}

static void write_tail(FILE *file)
{
	const struct pcapng_statistics statistics = {
		.interface = 1, .wall_ns = WALL_NS, .received = 7, .lost = 2};
	char block[PCAPNG_BLOCK_MAX];

	write_block(file, block, capture_pcapng_statistics(block, &statistics));
}

/* Result: the file as libpcap reads it, from its beginning. */
static pcap_t *read_back(FILE *file)
{
	char reason[PCAP_ERRBUF_SIZE];
	pcap_t *pcap;

	rewind(file);
	pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, reason);
	assert_non_null(pcap);
	assert_int_equal(pcap_datalink(pcap), DLT_EN10MB);
	return pcap;
}

static void expect_packet(pcap_t *pcap, uint64_t wall_ns, uint32_t kept_bytes)
{
	struct pcap_pkthdr *header;
	const unsigned char *data;

	assert_int_equal(pcap_next_ex(pcap, &header, &data), 1);
	assert_int_equal(header->caplen, kept_bytes);
	assert_int_equal(header->len, 1500);
	assert_int_equal((uint64_t)header->ts.tv_sec * 1000000000 + (uint64_t)header->ts.tv_usec,
			 wall_ns);
	assert_memory_equal(data, "the frame", kept_bytes < 9 ? kept_bytes : 9);
}

static void test_file_when_read_by_libpcap_then_the_packets_as_written(void **state)
{
	struct pcap_pkthdr *header;
	const unsigned char *data;
	FILE *file = tmpfile();
	pcap_t *pcap;

	write_head(file, "sallyport");
	write_packet(file, 0, 54, "node 0, ssh: forwarded");
	write_packet(file, 1, 9, "");
	write_tail(file);
	write_packet(file, 1, 0, "after a beat");
	write_tail(file);
	pcap = read_back(file);
	expect_packet(pcap, WALL_NS, 54);
	expect_packet(pcap, WALL_NS + 1, 9);
	expect_packet(pcap, WALL_NS + 1, 0);
	assert_int_equal(pcap_next_ex(pcap, &header, &data), PCAP_ERROR_BREAK);
	pcap_close(pcap);
}

static void test_block_when_text_is_long_then_cut_and_still_whole(void **state)
{
	char text[1000];
	FILE *file = tmpfile();
	pcap_t *pcap;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	write_head(file, text);
	write_packet(file, 0, 128, text);
	pcap = read_back(file);
	expect_packet(pcap, WALL_NS, 128);
	pcap_close(pcap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file_when_read_by_libpcap_then_the_packets_as_written),
		cmocka_unit_test(test_block_when_text_is_long_then_cut_and_still_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
