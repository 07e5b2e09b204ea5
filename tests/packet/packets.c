// SPDX-License-Identifier: BSD-3-Clause
#include "packets.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "checksums.h"

struct end {
	struct sp_addr addr;
	uint16_t port;
};

/* One connection as it could be: the three ends that a lease has to do with. */
struct scene {
	struct end client, lease, vm, router;
	int family;
	int from_vm;
	uint8_t protocol;
};

uint64_t random_next(struct random *random)
{
	uint64_t z = random->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

uint32_t random_below(struct random *random, uint32_t limit)
{
	return (uint32_t)(random_next(random) >> 32) % limit;
}

static int one_in(struct random *random, uint32_t n)
{
	return random_below(random, n) == 0;
}

static struct sp_addr pick_addr(struct random *random, int family)
{
	/* The last of the first four is far from the edge's own addresses (near.h). */
	static const char *const names[2][9] = {
		{"198.51.100.9", "198.51.100.201", "203.0.113.7", "203.0.113.8", "10.0.9.9",
		 "192.0.2.9", "10.0.0.1", "127.0.0.1", "224.0.0.1"},
		{"2001:db8:c::9", "2001:db8:c:1::9", "2001:db8:d::7", "3fff:c::1", "2001:db8:b::99",
		 "::ffff:198.51.100.9", "2001:db8:b::1", "ff02::1", "2001:db8:5::17"},
	};
	struct sp_addr addr = {0};
	/* Clients that may be there come more often than those that cannot. */
	uint32_t which = random_below(random, one_in(random, 4) ? 9 : 4);
	int r = fixture_parse_addr(names[family == 6][which], &addr);

	assert(r == 0);
	return addr;
}

static uint16_t pick_port(struct random *random)
{
	return one_in(random, 16) ? random_next(random) : 64000 + random_below(random, 50);
}

/* Of a prefix: the address that the slot has, mostly; one that it had or will have; or any. */
static struct end pick_own(struct random *random, const struct fixture *fixture,
			   uint32_t public_index, uint16_t number)
{
	const struct sp_slot *slot = &fixture->leases[sp_slot_index(public_index, number)];
	struct end own = {slot->public_addr, ntohs(slot->public_port_be)};

	if (one_in(random, 16) || !own.port) {
		own.port = 22;
		own.addr = fixture_public_addr(fixture, public_index, number, own.port);
	}
	if (one_in(random, 16))
		own.addr.word_be[2 + random_below(random, 2)] ^=
			htonl(1u << random_below(random, 32));
	if (one_in(random, 16))
		own.port = random_next(random);
	return own;
}

static struct scene pick_scene(struct random *random, const struct fixture *fixture)
{
	struct scene scene = {.family = one_in(random, 3) ? 6 : 4,
			      .from_vm = one_in(random, 2),
			      .protocol = one_in(random, 3) ? 17 : 6};
	uint32_t public_index = scene.family == 6;
	const struct sp_slot *slot;

	if (one_in(random, 64))
		public_index = !public_index;
	if (public_index == 1 && one_in(random, 2))
		public_index = 2;
	scene.lease = (struct end){fixture->publics[public_index], pick_port(random)};
	slot = &fixture->leases[sp_slot_index(public_index, scene.lease.port)];
	if (fixture->is_prefix[public_index])
		scene.lease = pick_own(random, fixture, public_index, scene.lease.port);
	scene.vm = (struct end){slot->vm_addr, ntohs(slot->vm_port_be)};
	scene.client = (struct end){pick_addr(random, scene.family), random_next(random)};
	scene.router = scene.client;
	if (one_in(random, 2))
		scene.router.addr = pick_addr(random, scene.family);
	else if (scene.from_vm)
		scene.router = scene.vm;
	if (one_in(random, 24))
		scene.vm.port = random_next(random);
	if (one_in(random, 24))
		scene.lease.addr = pick_addr(random, scene.family);
	return scene;
}

static void put16(struct frame *frame, uint32_t at, uint16_t value)
{
	frame->bytes[at] = value >> 8;
	frame->bytes[at + 1] = value & 0xff;
}

static void put_random(struct random *random, struct frame *frame, uint32_t bytes)
{
	for (uint32_t i = 0; i < bytes; i++)
		frame->bytes[frame->len_bytes++] = random_next(random);
}

static void put_ipv4(struct random *random, struct frame *frame, uint8_t protocol,
		     const struct sp_addr *from, const struct sp_addr *to, uint32_t payload_bytes)
{
	uint8_t *ip = frame->bytes + frame->len_bytes;

	memset(ip, 0, 20);
	ip[0] = one_in(random, 64) ? 0x46 : 0x45;
	ip[1] = random_next(random);
	put16(frame, frame->len_bytes + 2, 20 + payload_bytes);
	put16(frame, frame->len_bytes + 4, random_next(random));
	ip[6] = one_in(random, 32) ? random_next(random) : 0x40 * random_below(random, 2);
	ip[9] = protocol;
	memcpy(ip + 12, &from->word_be[3], 4);
	memcpy(ip + 16, &to->word_be[3], 4);
	frame->len_bytes += 20;
}

static uint8_t pick_ttl(struct random *random)
{
	return one_in(random, 16) ? random_below(random, 3) : 2 + random_below(random, 254);
}

static void put_ip(struct random *random, struct frame *frame, int family, uint8_t protocol,
		   const struct sp_addr *from, const struct sp_addr *to, uint32_t payload_bytes)
{
	uint8_t *ip = frame->bytes + frame->len_bytes;

	if (family == 4) {
		put_ipv4(random, frame, protocol, from, to, payload_bytes);
		ip[8] = pick_ttl(random);
		return;
	}
	ip[0] = 0x60 | random_below(random, 16);
	ip[1] = random_next(random);
	ip[2] = ip[3] = 0;
	put16(frame, frame->len_bytes + 4, payload_bytes);
	ip[6] = one_in(random, 64) ? 44 * random_below(random, 3) : protocol;
	ip[7] = pick_ttl(random);
	memcpy(ip + 8, from, 16);
	memcpy(ip + 24, to, 16);
	frame->len_bytes += 40;
}

/* The ports, then what follows them in the header and len bytes of payload. */
static void put_l4(struct random *random, struct frame *frame, uint8_t protocol, uint16_t from_port,
		   uint16_t to_port, uint32_t payload_bytes)
{
	uint32_t at = frame->len_bytes;

	put_random(random, frame, (protocol == 6 ? 20 : 8) + payload_bytes);
	put16(frame, at, from_port);
	put16(frame, at + 2, to_port);
	if (protocol == 17) {
		put16(frame, at + 4, 8 + payload_bytes);
		return;
	}
	frame->bytes[at + 12] = (one_in(random, 24) ? random_below(random, 16) : 5) << 4;
	if (!one_in(random, 8))
		frame->bytes[at + 13] &= 0x1b; /* without RST more often than not */
}

static void put_plain(struct random *random, struct frame *frame, const struct scene *scene)
{
	const struct end *from = scene->from_vm ? &scene->vm : &scene->client;
	const struct end *to = scene->from_vm ? &scene->client : &scene->lease;
	uint32_t payload = random_below(random, 40) + (one_in(random, 48) ? 1420 : 0);
	uint32_t at;

	put_ip(random, frame, scene->family, scene->protocol, &from->addr, &to->addr,
	       (scene->protocol == 6 ? 20 : 8) + payload);
	at = frame->len_bytes;
	put_l4(random, frame, scene->protocol, from->port, to->port, payload);
	checksums_set(frame->bytes, frame->len_bytes);
	if (one_in(random, 6))
		checksums_leave(frame->bytes, frame->len_bytes);
	else if (scene->protocol == 17 && one_in(random, 8))
		put16(frame, at + 6, 0);
}

/* An ICMP error: its quote is the packet that went the other way, cut at eight bytes or later. */
static void put_error(struct random *random, struct frame *frame, const struct scene *scene)
{
	static const uint8_t types[2][5] = {{3, 11, 12, 5, 8}, {1, 2, 3, 4, 128}};
	const struct end *sender = &scene->router;
	const struct end *from = scene->from_vm ? &scene->client : &scene->lease;
	const struct end *to = scene->from_vm ? &scene->vm : &scene->client;
	uint32_t header = scene->family == 4 ? 20 : 40, start = frame->len_bytes, icmp;
	uint32_t quoted = header + 8 + random_below(random, 48);

	if (one_in(random, 16))
		quoted = random_below(random, 60);
	put_ip(random, frame, scene->family, scene->family == 4 ? 1 : 58, &sender->addr,
	       &from->addr, 8 + quoted);
	icmp = frame->len_bytes;
	put_random(random, frame, 8);
	frame->bytes[icmp] = types[scene->family == 6][random_below(random, 5)];
	put_ip(random, frame, scene->family, scene->protocol, &from->addr, &to->addr, 60);
	put_l4(random, frame, scene->protocol, from->port, to->port, 60);
	if (scene->protocol == 17 && one_in(random, 4))
		put16(frame, icmp + 8 + header + 6, 0);
	frame->len_bytes = start + header + 8 + quoted;
	checksums_set(frame->bytes, frame->len_bytes);
}

static void mutate(struct random *random, struct frame *frame)
{
	if (one_in(random, 6))
		for (uint32_t i = random_below(random, 4); i < 4; i++)
			frame->bytes[random_below(random, frame->len_bytes)] = random_next(random);
	if (one_in(random, 16))
		frame->len_bytes = 14 + random_below(random, frame->len_bytes - 13);
	if (one_in(random, 6))
		put_random(random, frame, random_below(random, 20));
}

void packets_random(struct random *random, const struct fixture *fixture, struct frame *ret)
{
	struct scene scene = pick_scene(random, fixture);

	ret->len_bytes = 0;
	put_random(random, ret, 12);
	ret->bytes[0] &= 0xfe;
	put16(ret, 12, scene.family == 4 ? 0x0800 : 0x86dd);
	ret->len_bytes = 14;
	if (one_in(random, 4))
		put_error(random, ret, &scene);
	else
		put_plain(random, ret, &scene);
	mutate(random, ret);
}

static struct sp_slot *pick_slot(struct random *random, struct fixture *fixture)
{
	__u32 port = 64000 + random_below(random, 48);

	return &fixture->leases[random_below(random, FIXTURE_PUBLICS) << 16 | port];
}

void packets_change_table(struct random *random, struct fixture *fixture, uint64_t now_ns)
{
	for (int i = 0; i < 8; i++) {
		struct sp_slot *slot = pick_slot(random, fixture);

		slot->state = random_below(random, 3) ? SP_SLOT_LIVE : random_below(random, 4);
		slot->deadline_ns = random_below(random, 3) ? now_ns + 3600000000000 : now_ns;
		fixture_lease_again(fixture, slot, pick_slot(random, fixture));
	}
}

static unsigned long long environment(const char *name, unsigned long long otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

unsigned long long packets_begin(unsigned long long otherwise, struct random *ret)
{
	unsigned long long count = environment("PACKET_COUNT", otherwise);

	ret->state = environment("PACKET_SEED", (unsigned long long)time(NULL));
	printf("# PACKET_SEED=%llu PACKET_COUNT=%llu\n", (unsigned long long)ret->state, count);
	return count;
}

int packets_same(const struct frame *a, const struct frame *b)
{
	return a->len_bytes == b->len_bytes && memcmp(a->bytes, b->bytes, a->len_bytes) == 0;
}

uint64_t packets_ip_bytes(const struct frame *frame)
{
	const uint8_t *ip = frame->bytes + 14;

	if (ip[0] >> 4 == 4)
		return (uint64_t)ip[2] << 8 | ip[3];
	return 40 + ((uint64_t)ip[4] << 8 | ip[5]);
}

int packets_bytes_right(const struct frame *in, enum sp_verdict verdict,
			enum sp_direction direction, const __u64 bytes[2])
{
	bool sent_on = verdict == SP_FORWARDED || verdict == SP_COMPLETED;

	return bytes[direction] == (sent_on ? packets_ip_bytes(in) : 0) && bytes[!direction] == 0;
}

void packets_print(const char *what, const struct frame *frame)
{
	printf("# %-9s", what);
	for (uint32_t i = 0; i < frame->len_bytes; i++)
		printf("%02x", frame->bytes[i]);
	printf("\n");
}
