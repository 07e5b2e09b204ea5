// SPDX-License-Identifier: BSD-3-Clause
#include "xdp/standard.h"

#include <string.h>

void make_packet(struct xdp_engine *engine, __u16 port, enum sp_direction direction,
		 const char *client, __u32 payload_bytes, struct frame *ret)
{
	const struct sp_slot *slot = &engine->fixture.leases[port];
	struct sp_addr addr;
	__u8 *ip = ret->bytes + 14, *tcp = ip + 20;
	__u32 total = 40 + payload_bytes;

	assert_int_equal(fixture_parse_addr(client, &addr), 0);
	memset(ret, 0, sizeof(*ret));
	ret->len_bytes = 14 + total;
	ret->bytes[12] = 0x08;
	ip[0] = 0x45;
	ip[2] = total >> 8;
	ip[3] = total & 0xff;
	ip[8] = 64;
	ip[9] = 6;
	tcp[12] = 0x50;
	tcp[13] = 0x10;
	memcpy(ip + (direction == SP_TOWARD_VM ? 12 : 16), &addr.word_be[3], 4);
	memcpy(tcp + (direction == SP_TOWARD_VM ? 2 : 0),
	       direction == SP_TOWARD_VM ? &slot->public_port_be : &slot->vm_port_be, 2);
	memcpy(ip + (direction == SP_TOWARD_VM ? 16 : 12),
	       direction == SP_TOWARD_VM ? &slot->public_addr.word_be[3]
					 : &slot->vm_addr.word_be[3],
	       4);
}

enum sp_role role_of(enum sp_direction direction)
{
	return direction == SP_TOWARD_VM ? SP_ROLE_PUBLIC : SP_ROLE_BUILDS;
}

struct xdp_result run_packet(struct xdp_engine *engine, __u16 port, enum sp_direction direction,
			     const char *client, __u32 payload_bytes)
{
	static struct xdp_result result;
	struct frame in;

	make_packet(engine, port, direction, client, payload_bytes, &in);
	assert_int_equal(xdp_engine_run(engine, role_of(direction), &in, &result), 0);
	return result;
}

int set_up_standard(void **state)
{
	struct xdp_engine *engine = *state;

	memset(engine->wanted, 0, engine->nr_cpus * sizeof(*engine->wanted));
	memset(engine->usage, 0, engine->nr_cpus * FIXTURE_USAGE * sizeof(*engine->usage));
	return xdp_engine_standard(engine, xdp_engine_now_ns());
}

struct sp_note note_left(struct xdp_engine *engine, enum sp_role role, const struct frame *in)
{
	static struct xdp_result result;
	struct sp_note found = {0};

	memset(engine->notes_heads, 0, engine->nr_cpus * sizeof(*engine->notes_heads));
	assert_int_equal(xdp_engine_run(engine, role, in, &result), 0);
	for (__u32 cpu = 0; cpu < engine->nr_cpus; cpu++)
		if (engine->notes_heads[cpu].written)
			found = engine->notes[cpu * SP_NOTES + sp_ring_at(1, SP_NOTES)];
	return found;
}

struct sp_snap snap_left(struct xdp_engine *engine, enum sp_role role, const struct frame *in)
{
	static struct xdp_result result;
	struct sp_snap found = {0};

	memset(engine->snaps_heads, 0, engine->nr_cpus * sizeof(*engine->snaps_heads));
	assert_int_equal(xdp_engine_run(engine, role, in, &result), 0);
	for (__u32 cpu = 0; cpu < engine->nr_cpus; cpu++)
		if (engine->snaps_heads[cpu].written)
			found = engine->snaps[cpu * SP_SNAPS + sp_ring_at(1, SP_SNAPS)];
	return found;
}

int run_on_engine(const struct CMUnitTest *tests, size_t nr, struct xdp_engine *engine)
{
	int r = xdp_engine_start(engine);

	if (r)
		return r;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	r = _cmocka_run_group_tests("tests", tests, nr, NULL, NULL);
	xdp_engine_close(engine);
	return r;
}
