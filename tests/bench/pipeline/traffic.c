/* SPDX-License-Identifier: BSD-3-Clause */
#include "traffic.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <sallyport/addr.h>
#include <sallyport/link/hint.h>
#include <sallyport/wire.h>

#include "situation.h"

#define SEED	      88172645463325252ull
#define FRAME_MAX     192u
#define CLIENTS_V4    0xc6120000u /* 198.18.0.0/15 */
#define CLIENTS_V6    0x3fff0000u /* 3fff::/20, RFC 9637 */
#define LINK_ETHERNET 1

struct pcap_header {
	uint32_t magic;
	uint16_t version_major, version_minor;
	uint32_t zone, accuracy, snap_bytes, link_type;
};

struct pcap_record {
	uint32_t at_s, at_us, captured_bytes, wire_bytes;
};

struct ends {
	struct sp_addr from, to;
	uint16_t from_port, to_port;
	uint32_t slot_index;
};

/* xorshift64 */
static uint32_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)(*state >> 32);
}

static uint64_t add_words(uint64_t sum, const void *data, size_t len_bytes)
{
	const sp_wire_be16 *word_be = data;

	for (size_t i = 0; i < len_bytes / 2; i++)
		sum += word_be[i];
	return sum;
}

static uint16_t checksum(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static struct sp_addr draw_client(const struct situation *situation, uint64_t *random)
{
	if (situation->family == 4)
		return sp_addr_from_v4(SP_BE32(CLIENTS_V4 | (next_random(random) & 0x1ffff)));
	return (struct sp_addr){.word_be = {SP_BE32(CLIENTS_V6 | (next_random(random) & 0xfff)),
					    next_random(random), 0, next_random(random)}};
}

static struct ends draw_ends(const struct situation *situation, uint64_t *random)
{
	struct sp_addr client = draw_client(situation, random);
	uint16_t client_port = (uint16_t)(1024 + next_random(random) % 60000);
	struct place place = situation_place(situation, next_random(random) % situation->nr_leases);

	uint32_t slot_index = sp_slot_index(place.public_index, place.slot_number);

	if (situation->direction == SP_TOWARD_VM)
		return (struct ends){client, place.public_addr, client_port, place.public_port,
				     slot_index};
	return (struct ends){place.vm_addr, client, place.vm_port, client_port, slot_index};
}

static void put_ip(char *at, const struct situation *situation, const struct ends *ends,
		   uint16_t l4_bytes)
{
	struct sp_ipv4 *v4 = (void *)at;
	struct sp_ipv6 *v6 = (void *)at;

	if (situation->family == 4) {
		v4->version_ihl = 0x45;
		v4->total_length_be = SP_BE16(sizeof(*v4) + l4_bytes);
		v4->ttl = 64;
		v4->protocol = situation->ip_protocol;
		v4->from_be = ends->from.word_be[3];
		v4->to_be = ends->to.word_be[3];
		v4->checksum_be = checksum(add_words(0, v4, sizeof(*v4)));
		return;
	}
	v6->version_class_flow_be = SP_BE32(6u << 28);
	v6->payload_length_be = SP_BE16(l4_bytes);
	v6->next_header = situation->ip_protocol;
	v6->hop_limit = 64;
	memcpy(v6->from_be, &ends->from, sizeof(v6->from_be));
	memcpy(v6->to_be, &ends->to, sizeof(v6->to_be));
}

static void put_l4(char *at, const struct situation *situation, const struct ends *ends,
		   uint16_t l4_bytes, uint32_t seq)
{
	const size_t addr_offset = situation->family == 4 ? 12 : 0;
	const size_t addr_bytes = sizeof(struct sp_addr) - addr_offset;
	uint64_t sum = SP_BE16(situation->ip_protocol) + (uint64_t)SP_BE16(l4_bytes);
	struct sp_tcp *tcp = (void *)at;
	struct sp_udp *udp = (void *)at;

	sum = add_words(sum, (const char *)&ends->from + addr_offset, addr_bytes);
	sum = add_words(sum, (const char *)&ends->to + addr_offset, addr_bytes);
	tcp->from_be = SP_BE16(ends->from_port);
	tcp->to_be = SP_BE16(ends->to_port);
	if (situation->ip_protocol == SP_IPPROTO_UDP) {
		udp->length_be = SP_BE16(l4_bytes);
		udp->checksum_be = checksum(add_words(sum, at, l4_bytes));
		return;
	}
	tcp->seq_be = seq;
	tcp->data_offset = sizeof(*tcp) / 4 << 4;
	tcp->flags = SP_TCP_ACK;
	tcp->checksum_be = checksum(add_words(sum, at, l4_bytes));
}

/* As sp_hint_put() does. */
static void put_hint(char *end, const struct situation *situation, const struct ends *ends)
{
	struct sp_packet packet = {.tuple.from = ends->from,
				   .tuple.from_port_be = SP_BE16(ends->from_port),
				   .protocol = situation->ip_protocol == SP_IPPROTO_TCP
						       ? SP_PROTOCOL_TCP
						       : SP_PROTOCOL_UDP};
	struct sp_hint hint = {ends->slot_index, sp_hint_sender(&packet)};

	memcpy(end - sizeof(hint), &hint, sizeof(hint));
}

/* Result: the length of what stands for a packet. */
static uint32_t make_record(char record[FRAME_MAX], const struct situation *situation,
			    uint64_t *random)
{
	struct ends ends = draw_ends(situation, random);
	char *frame = record + (situation->hinted ? TRAFFIC_HINT_BYTES : 0);
	struct sp_eth *eth = (void *)frame;
	size_t l3 = sizeof(*eth),
	       ip_bytes = situation->family == 4 ? sizeof(struct sp_ipv4) : sizeof(struct sp_ipv6);
	uint16_t l4_bytes = (uint16_t)(situation->frame_bytes - l3 - ip_bytes);

	memset(record, 0, FRAME_MAX);
	if (situation->hinted)
		put_hint(frame, situation, &ends);
	eth->to[0] = eth->from[0] = 2;
	eth->type_be = situation->family == 4 ? SP_BE16(SP_ETH_IPV4) : SP_BE16(SP_ETH_IPV6);
	put_ip(frame + l3, situation, &ends, l4_bytes);
	put_l4(frame + l3 + ip_bytes, situation, &ends, l4_bytes, next_random(random));
	return (uint32_t)(frame - record) + situation->frame_bytes;
}

int traffic_write(const struct situation *situation, const char *path)
{
	struct pcap_header header = {0xa1b2c3d4, 2, 4, 0, 0, FRAME_MAX, LINK_ETHERNET};
	uint64_t random = SEED;
	FILE *file = fopen(path, "we");

	if (!file)
		return -EIO;
	fwrite(&header, sizeof(header), 1, file);
	for (uint32_t i = 0; i < situation->nr_flows; i++) {
		char bytes[FRAME_MAX];
		uint32_t nr = make_record(bytes, situation, &random);
		struct pcap_record record = {0, 0, nr, nr};

		fwrite(&record, sizeof(record), 1, file);
		fwrite(bytes, nr, 1, file);
	}
	return fclose(file) == 0 ? 0 : -EIO;
}
