/* SPDX-License-Identifier: BSD-3-Clause */
#include "draw.h"

#include <string.h>

#include <sallyport/addr.h>

#include "fixture.h"

#define OBJECTS	       10u /* 1 to 4 of IPv4, 5 to 8 of IPv6, then groups of either */
#define ROUTES	       14u
#define RULES	       5u
#define PICK(of, draw) (of)[draw_below(draw, sizeof(of) / sizeof((of)[0]))]

static const char *const devices[] = {"pub", "bld", "oth"};
static const char *const gateways[2][3] = {
	{"192.0.2.", "10.0.0.", "198.51.100."},
	{"2001:db8:1::", "2001:db8:2::", "2001:db8:3::"},
};
static const char *const targets[2][12] = {
	{"default", "0.0.0.0/1", "203.0.112.0/20", "203.0.113.0/24", "203.0.113.128/25",
	 "203.0.113.7/32", "203.0.114.0/23", "10.0.3.0/24", "10.0.3.7/32", "10.0.0.0/16",
	 "203.0.113.6/31", "192.0.2.64/26"},
	{"default", "2001::/16", "2001:db8:f000::/36", "2001:db8:f::/48", "2001:db8:f:1::/64",
	 "2001:db8:f:1::7/128", "2001:db8:f::/47", "2001:db8:2:3::/64", "2001:db8:2::7/128",
	 "2001:db8:2::/64", "2001:db8:f:1::6/127", "2001:db8:1::40/122"},
};
static const char *const senders[2][6] = {
	{"192.0.2.1/32", "192.0.2.0/24", "198.18.0.0/15", "198.18.7.0/24", "198.18.7.7/32",
	 "203.0.113.0/24"},
	{"2001:db8:1::1/128", "2001:db8:1::/64", "2001:db8:a::/48", "2001:db8:a:7::/64",
	 "2001:db8:a:7::7/128", "2001:db8:f::/48"},
};
static const char *const addresses[2][11] = {
	{"203.0.113.7", "203.0.113.6", "203.0.113.200", "203.0.114.1", "203.0.112.9", "10.0.3.7",
	 "10.0.3.8", "10.0.9.9", "192.0.2.77", "192.0.2.1", "8.8.8.8"},
	{"2001:db8:f:1::7", "2001:db8:f:1::6", "2001:db8:f:2::1", "2001:db8:e:2::1",
	 "2001:db8:f000::9", "2001:db8:2::7", "2001:db8:2:3::8", "2001:db8:2::99", "2001:db8:1::4d",
	 "2001:db8:1::1", "2606:4700::1111"},
};
static const char *const from[2][8] = {
	{"192.0.2.1", "192.0.2.9", "198.18.7.7", "198.18.7.8", "198.18.9.9", "203.0.113.5",
	 "10.0.3.7", "9.9.9.9"},
	{"2001:db8:1::1", "2001:db8:1::9", "2001:db8:a:7::7", "2001:db8:a:7::8", "2001:db8:a:9::9",
	 "2001:db8:f:1::5", "2001:db8:2::7", "2620:fe::fe"},
};
static const char *const tables[] = {"main", "main", "main", "100", "101", "local"};

/* xorshift64* */
uint32_t draw_below(struct draw *draw, uint32_t bound)
{
	draw->state ^= draw->state >> 12;
	draw->state ^= draw->state << 25;
	draw->state ^= draw->state >> 27;
	return (uint32_t)((draw->state * 0x2545f4914f6cdd1dull) >> 33) % bound;
}

static bool one_in(struct draw *draw, uint32_t n)
{
	return draw_below(draw, n) == 0;
}

void draw_links(struct draw *draw, FILE *out[3])
{
	for (uint32_t i = 0; i < 3; i++) {
		fprintf(out[1], "link add %s type veth peer name %speer\n", devices[i], devices[i]);
		fprintf(out[1], "link set %speer addrgenmode none\n", devices[i]);
		fprintf(out[1], "link set %s addrgenmode none\n", devices[i]);
		fprintf(out[1], "link set %speer up\nlink set %s up\n", devices[i], devices[i]);
		fprintf(out[1], "addr add %s1/%u dev %s\n", gateways[0][i], i == 1 ? 16u : 24u,
			devices[i]);
		fprintf(out[2], "addr add %s1/64 dev %s nodad\n", gateways[1][i], devices[i]);
	}
	fprintf(out[1], "link set lo up\n");
}

/* family 2: that of IPv4, by a gateway of either. */
static void draw_hop(struct draw *draw, uint32_t family, FILE *out)
{
	uint32_t device = draw_below(draw, 8), number = 2 + draw_below(draw, 8);

	device = device > 2 ? device % 2 : device;
	if (family == 2 && one_in(draw, 10))
		fprintf(out, " via inet6 %s%u dev %s", gateways[1][device], number,
			devices[device]);
	else if (!one_in(draw, 6))
		fprintf(out, " via %s%u dev %s", gateways[family % 2][device], number,
			devices[device]);
	else
		fprintf(out, " dev %s", devices[device]);
}

static void draw_object(struct draw *draw, uint32_t id, const char *verb, FILE *outs[3])
{
	uint32_t family = id > 4 && id < 9, first = id == 9 ? 1 : 5;
	FILE *out = outs[family ? 0 : 1];

	if (id > 8) {
		fprintf(out, "nexthop %s id %u group %u,%u/%u\n", verb, id,
			first + draw_below(draw, 2), 1 + draw_below(draw, 4),
			first + 2 + draw_below(draw, 2));
		return;
	}
	fprintf(out, "nexthop %s id %u", verb, id);
	if (one_in(draw, 7))
		fprintf(out, " blackhole");
	else
		draw_hop(draw, family, out);
	fprintf(out, "\n");
}

static void draw_way(struct draw *draw, uint32_t family, FILE *out)
{
	static const uint32_t objects[2][7] = {{1, 2, 3, 9, 9, 10, 6}, {5, 6, 7, 8, 10, 10, 10}};

	switch (draw_below(draw, 6)) {
	case 0:
		fprintf(out, " nhid %u", PICK(objects[family], draw));
		break;
	case 1:
		for (uint32_t n = 2 + draw_below(draw, 3); n > 0; n--) {
			fprintf(out, " nexthop");
			draw_hop(draw, family == 0 ? 2 : 1, out);
			fprintf(out, " weight %u", 1 + draw_below(draw, 4));
		}
		break;
	default:
		draw_hop(draw, family == 0 ? 2 : 1, out);
		break;
	}
}

static void draw_route(struct draw *draw, const char *verb, FILE *outs[3])
{
	static const char *const refusals[] = {"blackhole", "unreachable", "prohibit", "throw"};
	static const char *const preferences[] = {"low", "medium", "high"};
	uint32_t family = draw_below(draw, 2);
	bool refuses = one_in(draw, 5);
	FILE *out = outs[1 + family];

	fprintf(out, "route %s %s %s", verb, refuses ? PICK(refusals, draw) : "",
		PICK(targets[family], draw));
	if (family == 1 && one_in(draw, 4))
		fprintf(out, " from %s", PICK(senders[family], draw));
	fprintf(out, " table %s", PICK(tables, draw));
	if (!one_in(draw, 3))
		fprintf(out, " metric %u", 100 * (1 + draw_below(draw, 3)));
	if (family == 0 && one_in(draw, 12))
		fprintf(out, " tos 0x10");
	if (family == 1 && one_in(draw, 6))
		fprintf(out, " pref %s", PICK(preferences, draw));
	if (!refuses)
		draw_way(draw, family, out);
	fprintf(out, "\n");
}

static void draw_selectors(struct draw *draw, uint32_t family, FILE *out)
{
	static const char *const others[] = {
		"iif lo",      "iif pub",  "oif pub",	   "fwmark 1",	   "fwmark 0x10/0xf",
		"ipproto tcp", "tos 0x10", "uidrange 0-0", "uidrange 5-9", "ipproto udp dport 53",
		"iif nosuch",  "sport 22",
	};

	if (one_in(draw, 5))
		fprintf(out, " not");
	if (!one_in(draw, 3))
		fprintf(out, " from %s", PICK(senders[family], draw));
	if (one_in(draw, 3))
		fprintf(out, " to %s", targets[family][1 + draw_below(draw, 11)]);
	if (one_in(draw, 4))
		fprintf(out, " %s", PICK(others, draw));
}

static void draw_rule(struct draw *draw, FILE *outs[3])
{
	static const char *const actions[] = {"blackhole", "unreachable", "prohibit", "nop"};
	uint32_t family = draw_below(draw, 2), preference = 1 + draw_below(draw, 50);
	FILE *out = outs[1 + family];

	if (one_in(draw, 8))
		preference = 33000;
	fprintf(out, "rule add");
	draw_selectors(draw, family, out);
	fprintf(out, " pref %u", preference);
	if (one_in(draw, 6))
		fprintf(out, " %s\n", PICK(actions, draw));
	else if (one_in(draw, 6))
		fprintf(out, " goto %u\n", preference + 1 + draw_below(draw, 30));
	else
		fprintf(out, " lookup %s%s\n", PICK(tables, draw),
			one_in(draw, 5) ? " suppress_prefixlength 16" : "");
}

/* A third of all tables has the kernel's own rules alone, as most hosts. */
void draw_tables(struct draw *draw, FILE *out[3])
{
	for (uint32_t id = 1; id <= OBJECTS; id++)
		draw_object(draw, id, "add", out);
	for (uint32_t i = 4 + draw_below(draw, ROUTES); i > 0; i--)
		draw_route(draw, one_in(draw, 6) ? "append" : "add", out);
	if (one_in(draw, 3))
		return;
	for (uint32_t i = 1 + draw_below(draw, RULES); i > 0; i--)
		draw_rule(draw, out);
}

static void draw_change(struct draw *draw, FILE *out[3])
{
	uint32_t family = draw_below(draw, 2);

	switch (draw_below(draw, 8)) {
	case 0:
		fprintf(out[1], "nexthop del id %u\n", 1 + draw_below(draw, OBJECTS));
		break;
	case 1:
		draw_object(draw, 1 + draw_below(draw, OBJECTS), "replace", out);
		break;
	case 2:
		fprintf(out[1 + family], "route del %s\n", PICK(targets[family], draw));
		break;
	case 3:
		draw_rule(draw, out);
		break;
	case 4:
		fprintf(out[1 + family], "rule del pref %u\n", 1 + draw_below(draw, 50));
		break;
	case 5:
		fprintf(out[1], "link set %s%s %s\n", PICK(devices, draw),
			one_in(draw, 2) ? "peer" : "", one_in(draw, 3) ? "down" : "up");
		break;
	default:
		draw_route(draw, one_in(draw, 2) ? "replace" : "add", out);
		break;
	}
}

void draw_changes(struct draw *draw, FILE *out[3])
{
	for (uint32_t i = 1 + draw_below(draw, 6); i > 0; i--)
		draw_change(draw, out);
}

static struct sp_addr draw_addr(struct draw *draw, uint8_t family, const char *text)
{
	struct sp_addr addr = fixture_addr(text);

	/* Now and then beside what is named, or anywhere. */
	if (one_in(draw, 6))
		addr.word_be[3] ^= SP_BE32(1u << draw_below(draw, 12));
	if (family == 4 && one_in(draw, 20))
		addr.word_be[3] = SP_BE32(draw_below(draw, 0xdfffffff));
	if (family == 6 && one_in(draw, 20))
		addr.word_be[1] = SP_BE32(draw_below(draw, UINT32_MAX));
	return addr;
}

void draw_packet(struct draw *draw, uint8_t family, struct sp_tuple *ret)
{
	uint32_t which = family == 6;

	memset(ret, 0, sizeof(*ret));
	ret->to = draw_addr(draw, family, PICK(addresses[which], draw));
	ret->from = draw_addr(draw, family, PICK(from[which], draw));
}
