/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel mirror against the kernel: random rules, next hop objects and routes, each in a
 * network namespace of its own, and random packets, of which bpf_fib_lookup() and the mirror must
 * say the same. Where a route has several hops, the mirror's are those that the kernel takes.
 *
 * SALLYPORT_ROUTES_TABLES and SALLYPORT_ROUTES_QUESTIONS (for each) say how many, SALLYPORT_SEED
 * which, and SALLYPORT_ROUTES_LOG where to write what ip complains of. Tables that are left to the
 * XDP program are counted, and others drawn in their place.
 */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "ask.h"
#include "draw.h"
#include "fixture.h"
#include "hop/mirror.h"
#include "host/addr.h"
#include "sallyport/left.h"

#define MEMBER_QUESTIONS 1024u
#define GROUPS_SEEN	 64u

struct setting {
	struct fixture fixture; /* ports and nexthops only */
	struct mirror *mirror;
	struct draw draw;
	int ask_fd;
	uint64_t now_ns;
	const struct nexthop_group *seen[GROUPS_SEEN];
	uint32_t nr_seen;
};

struct totals {
	uint32_t tables, questions, answered, several, elsewhere, groups;
	uint32_t left[SP_LEFT_BITS];
};

static uint32_t setting_of(const char *name, uint32_t otherwise)
{
	const char *text = getenv(name);

	return text ? (uint32_t)strtoul(text, NULL, 10) : otherwise;
}

static void write_switch(const char *path, uint32_t value)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fprintf(file, "%u", value);
	assert_int_equal(fclose(file), 0);
}

/* Some commands fail, but none may end ip before the others. */
static void run_batch(const char *ip, const char *commands)
{
	const char *log = getenv("SALLYPORT_ROUTES_LOG");
	char line[256];
	FILE *pipe;

	snprintf(line, sizeof(line), "%s -force -batch - 2>>%s", ip, log ? log : "/dev/null");
	pipe = popen(line, "w");
	assert_non_null(pipe);
	assert_true(fputs(commands, pipe) >= 0);
	assert_in_range(WEXITSTATUS(pclose(pipe)), 0, 1);
}

static void run(struct setting *setting, void (*draw)(struct draw *, FILE *[3]))
{
	static const char *const ips[3] = {"ip -6", "ip", "ip -6"};
	char *text[3];
	size_t bytes[3];
	FILE *out[3];

	for (uint32_t i = 0; i < 3; i++)
		assert_non_null(out[i] = open_memstream(&text[i], &bytes[i]));
	draw(&setting->draw, out);
	for (uint32_t i = 0; i < 3; i++) {
		fclose(out[i]);
		run_batch(ips[i], text[i]);
		free(text[i]);
	}
}

static void enter_namespace(struct setting *setting)
{
	struct ports *ports = &setting->fixture.ports;

	assert_int_equal(unshare(CLONE_NEWNET), 0);
	run(setting, draw_links);
	write_switch("/proc/sys/net/ipv4/conf/lo/forwarding", 1);
	write_switch("/proc/sys/net/ipv6/conf/lo/forwarding", 1);
	write_switch("/proc/sys/net/ipv4/nexthop_compat_mode", draw_below(&setting->draw, 2));
	write_switch("/proc/sys/net/ipv4/conf/pub/ignore_routes_with_linkdown",
		     draw_below(&setting->draw, 2));
	write_switch("/proc/sys/net/ipv6/conf/pub/ignore_routes_with_linkdown",
		     draw_below(&setting->draw, 2));
	memset(ports, 0, sizeof(*ports));
	ports->nr = 2;
	assert_int_equal(port_probe(&ports->port[FIXTURE_PUBLIC], "pub", SP_ROLE_PUBLIC), 0);
	assert_int_equal(port_probe(&ports->port[FIXTURE_BUILDS], "bld", SP_ROLE_BUILDS), 0);
	assert_int_equal(nexthops_open(&setting->fixture.nexthops), 0);
	setting->now_ns = 1;
	assert_int_equal(mirror_open(ports, &setting->fixture.nexthops, &setting->mirror), 0);
}

static void leave_namespace(struct setting *setting)
{
	mirror_close(setting->mirror);
	nexthops_close(&setting->fixture.nexthops);
}

/* Notices are there when ip has ended; what the mirror puts off is due a second later. */
static void follow(struct setting *setting)
{
	do {
		setting->now_ns += 1000000000;
		assert_int_equal(mirror_follow(setting->mirror, setting->now_ns), 0);
	} while (mirror_timeout_ms(setting->mirror, setting->now_ns) >= 0);
}

struct answer {
	uint32_t port;	/* NEXTHOP_NO_PORT: none of ours */
	bool elsewhere; /* but of another link */
	struct sp_addr addr;
};

static struct answer kernel_says(struct setting *setting, const struct sp_tuple *packet,
				 uint8_t family)
{
	struct answer answer = {.port = NEXTHOP_NO_PORT};
	struct bpf_fib_lookup fib;
	int r = ask_kernel(setting->ask_fd, packet, family, &fib);

	assert_true(r >= 0 && r != BPF_FIB_LKUP_RET_FWD_DISABLED);
	if (r != BPF_FIB_LKUP_RET_SUCCESS && r != BPF_FIB_LKUP_RET_NO_NEIGH)
		return answer;
	for (uint32_t i = 0; i < 2; i++)
		if (setting->fixture.ports.port[i].ifindex == fib.ifindex)
			answer.port = i;
	answer.elsewhere = answer.port == NEXTHOP_NO_PORT;
	if (answer.elsewhere)
		return answer;
	if (fib.family == AF_INET)
		answer.addr = sp_addr_from_v4(fib.ipv4_dst);
	else
		memcpy(&answer.addr, fib.ipv6_dst, sizeof(answer.addr));
	return answer;
}

static bool leads(const struct nexthop_gateway *gateway, const struct answer *answer,
		  const struct sp_tuple *packet)
{
	const struct sp_addr *addr = gateway->on_link ? &packet->to : &gateway->addr;

	return gateway->port_index == answer->port &&
	       (answer->port == NEXTHOP_NO_PORT || sp_addr_equal(addr, &answer->addr));
}

static struct nexthop_way mirror_says(const struct setting *setting, const struct sp_tuple *packet,
				      uint8_t family)
{
	const struct sp_tuple *packets[] = {packet};
	struct nexthop_way way;

	nexthop_way_find(&setting->fixture.nexthops, packets, &family, 0, &way, 1);
	return way;
}

static void fail_at(struct setting *setting, const struct sp_tuple *packet,
		    const struct answer *kernel, const struct nexthop_way *way)
{
	char from[64], to[64], by[64], mine[64];

	addr_format(&packet->from, from);
	addr_format(&packet->to, to);
	addr_format(&kernel->addr, by);
	addr_format(&way->gateway->addr, mine);
	if (system("(ip rule; ip -6 rule; ip nexthop; ip route show table all; ip -6 route show "
		   "table all) >&2") != 0)
		print_error("ip does not say what there is\n");
	fail_msg("from %s to %s: kernel port %d%s via %s, mirror port %d via %s%s%s", from, to,
		 (int)kernel->port, kernel->elsewhere ? " elsewhere" : "", by,
		 (int)way->gateway->port_index, mine, way->gateway->on_link ? " on link" : "",
		 way->group ? " of several" : "");
}

static bool has(const struct setting *setting, const struct nexthop_group *group,
		const struct answer *answer, const struct sp_tuple *packet, uint32_t *ret_bits)
{
	bool found = false;

	if (answer->port == NEXTHOP_NO_PORT)
		return false;
	for (uint32_t i = 0; i < NEXTHOP_BUCKETS; i++) {
		if (!leads(&setting->fixture.nexthops.gateways[group->gateway[i]], answer, packet))
			continue;
		*ret_bits |= 1u << i;
		found = true;
	}
	return found;
}

/* The kernel takes each hop of a group for some sender or other. */
static void check_members(struct setting *setting, const struct sp_tuple *packet, uint8_t family,
			  const struct nexthop_group *group, struct totals *totals)
{
	struct sp_tuple other = *packet;
	uint32_t taken = 0, all = (1u << NEXTHOP_BUCKETS) - 1;

	for (uint32_t i = 0; i < setting->nr_seen; i++)
		if (setting->seen[i] == group)
			return;
	if (setting->nr_seen == GROUPS_SEEN)
		return;
	setting->seen[setting->nr_seen++] = group;
	for (uint32_t i = 0; i < MEMBER_QUESTIONS && taken != all; i++) {
		struct answer answer;

		other.from.word_be[3] = packet->from.word_be[3] ^ SP_BE32(i * 0x01000193u);
		if (mirror_says(setting, &other, family).group != group)
			continue;
		answer = kernel_says(setting, &other, family);
		has(setting, group, &answer, &other, &taken);
	}
	/* So few senders are of the group's own kind that not all can be met. */
	if (taken != all && !mirror_says(setting, packet, family).for_all_senders)
		return;
	assert_int_equal(taken, all);
	totals->groups++;
}

static void check(struct setting *setting, struct totals *totals)
{
	uint8_t family = draw_below(&setting->draw, 2) ? 6 : 4;
	struct sp_tuple packet;
	struct nexthop_way way;
	struct answer kernel;
	uint32_t bits = 0;

	draw_packet(&setting->draw, family, &packet);
	kernel = kernel_says(setting, &packet, family);
	way = mirror_says(setting, &packet, family);
	totals->questions++;
	totals->answered += kernel.port != NEXTHOP_NO_PORT;
	if (!way.group) {
		if (!leads(way.gateway, &kernel, &packet))
			fail_at(setting, &packet, &kernel, &way);
		return;
	}
	totals->several++;
	/* One of them may lead out of another link, by which no packet of ours leaves. */
	totals->elsewhere += kernel.elsewhere;
	if (!kernel.elsewhere && !has(setting, way.group, &kernel, &packet, &bits))
		fail_at(setting, &packet, &kernel, &way);
	check_members(setting, &packet, family, way.group, totals);
}

/* Result: whether the mirror answers for this table. */
static bool is_told(struct setting *setting, struct totals *totals)
{
	uint32_t left = atomic_load(&setting->fixture.nexthops.left);

	for (uint32_t i = 0; i < SP_LEFT_BITS; i++)
		totals->left[i] += left >> i & 1;
	return left == 0;
}

static void ask_all(struct setting *setting, uint32_t questions, struct totals *totals)
{
	setting->nr_seen = 0;
	if (!is_told(setting, totals))
		return;
	for (uint32_t i = 0; i < questions; i++)
		check(setting, totals);
	totals->tables++;
}

static void test_mirror_answers_as_the_kernel(void **state)
{
	static const char *const texts[] = {
#define X(name, text) text,
		SP_LEFT_LIST(X)
#undef X
	};
	uint32_t tables = setting_of("SALLYPORT_ROUTES_TABLES", 40);
	uint32_t questions = setting_of("SALLYPORT_ROUTES_QUESTIONS", 500);
	uint32_t seed = setting_of("SALLYPORT_SEED", (uint32_t)time(NULL));
	struct setting *setting = *state;
	struct totals totals = {0};

	setting->draw.state = seed * 0x9e3779b97f4a7c15ull + 1;
	print_message("# SALLYPORT_SEED=%u\n", seed);
	for (uint32_t drawn = 0; totals.tables < tables; drawn++) {
		assert_true(drawn < 4 * tables + 8);
		enter_namespace(setting);
		run(setting, draw_tables);
		follow(setting);
		ask_all(setting, questions, &totals);
		run(setting, draw_changes);
		follow(setting);
		ask_all(setting, questions, &totals);
		leave_namespace(setting);
	}
	print_message(
		"# %u questions over %u tables: 0 differences, %u lead out of a port of ours, "
		"%u have several ways (%u groups met whole, %u answers elsewhere)\n",
		totals.questions, totals.tables, totals.answered, totals.several, totals.groups,
		totals.elsewhere);
	for (uint32_t i = 0; i < SP_LEFT_BITS; i++)
		print_message("# left to XDP %u times because %s\n", totals.left[i], texts[i]);
}

int main(void)
{
	static struct setting setting;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(test_mirror_answers_as_the_kernel, &setting),
	};

	if (unshare(CLONE_NEWNET) < 0) {
		printf("1..0 # SKIP it takes root to make a network namespace\n");
		return EXIT_SUCCESS;
	}
	setting.ask_fd = ask_open();
	if (setting.ask_fd < 0) {
		printf("1..0 # SKIP a BPF program cannot be loaded: %s\n",
		       strerror(-setting.ask_fd));
		return EXIT_SUCCESS;
	}
	if (fixture_start_eal() < 0)
		return EXIT_FAILURE;
	return cmocka_run_group_tests_name("routes", tests, NULL, NULL);
}
