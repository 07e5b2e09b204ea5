/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every view and format against a file in golden/. To write the files anew after a wanted change:
 * GOLDEN_WRITE=1 GOLDEN_DIR=tests/unit/api/golden connect_render_test
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sallyport/wire.h>

#include "connect/clients.h"
#include "connect/connect.h"
#include "edge/edge.h"
#include "host/addr.h"
#include "host/table_map.h"
#include "model/build.h"
#include "watch/connections.h"

static struct model_settings settings;

static struct forward ports[] = {
	{.name = "ssh", .port = 22, .protocol_mask = SP_PROTOCOL_TCP, .public_port = 64784},
	{.name = "vnc", .port = 5901, .protocol_mask = SP_PROTOCOL_TCP, .public_port = 64785},
	{.name = "mosh", .port = 60001, .protocol_mask = SP_PROTOCOL_UDP, .public_port = 64786},
	{.name = "ssh", .port = 22, .protocol_mask = SP_PROTOCOL_TCP, .public_port = 64787},
};

static char host_key[] = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB1vW3kzLjVkRVpCQUFBQUFBQUFB";
static char *host_keys[] = {host_key};

static struct node nodes[] = {
	{.index = 0,
	 .state = NODE_READY,
	 .has_address = true,
	 .host_keys = {host_keys, 1},
	 .forwards = ports,
	 .nr_forwards = 3},
	{.index = 1,
	 .state = NODE_PENDING,
	 .has_address = true,
	 .forwards = ports + 3,
	 .nr_forwards = 1},
};

static char title[] = "acme/api#48121 [`main`]", user[] = "ubuntu";

static char alice[] = "alice", bob[] = "bob_b", fingerprint[] = "SHA256:q2Fy+M0bWw/9Xk3";
static char *actors[] = {alice, bob}, *fingerprints[] = {fingerprint};

static const struct instant now = {
	.boot_ns = 1000 * CLOCK_SECOND_NS,
	.wall_ns = 1795435200 * CLOCK_SECOND_NS, /* 2026-11-23 12:00 UTC */
};

/* A running build; the cases change what they are about. */
static struct build make_build(void)
{
	return (struct build){
		.id = "48121",
		.state = SESSION_RUNNING,
		.title = title,
		.user = user,
		.actors = {actors, 2},
		.key_fingerprints = {fingerprints, 1},
		.keys_as_of_wall_ns = now.wall_ns - 3600 * CLOCK_SECOND_NS,
		.deadline_ns = now.boot_ns + 6 * 3600 * CLOCK_SECOND_NS,
		.linger_ns = 1800 * CLOCK_SECOND_NS,
		.nodes = nodes,
		.nr_nodes = 2,
	};
}

static struct build make_finished(void)
{
	struct build build = make_build();

	build.state = SESSION_FINISHED;
	build.deadline_ns = now.boot_ns + 1740 * CLOCK_SECOND_NS;
	return build;
}

static struct build make_connected(void)
{
	struct build build = make_finished();

	build.connected_wall_ns = now.wall_ns - 600 * CLOCK_SECOND_NS;
	return build;
}

static struct build make_ended(void)
{
	struct build build = make_finished();

	build.state = SESSION_ENDED;
	build.reason = SESSION_EXPIRED;
	build.ended_wall_ns = now.wall_ns - 60 * CLOCK_SECOND_NS;
	return build;
}

static struct build make_reserved(void)
{
	static struct node waiting = {.state = NODE_RESERVED, .forwards = ports, .nr_forwards = 1};
	struct build build = make_build();

	build.state = SESSION_RESERVED;
	build.keys_as_of_wall_ns = 0;
	build.actors.nr = build.key_fingerprints.nr = 0;
	build.user = NULL;
	build.nodes = &waiting;
	build.nr_nodes = 1;
	return build;
}

/* Its id was an earlier build's, so its keys have another name. */
static struct build make_again(void)
{
	struct build build = make_build();

	build.serial = 57;
	build.id_used_before = true;
	return build;
}

/* Its public address is the second one: an IPv6 address. */
static struct build make_v6(void)
{
	static struct forward v6_ports[3];
	static struct node v6_node = {.state = NODE_READY,
				      .host_keys = {host_keys, 1},
				      .forwards = v6_ports,
				      .nr_forwards = 3};
	struct build build = make_connected();

	for (unsigned int i = 0; i < 3; i++) {
		v6_ports[i] = ports[i];
		v6_ports[i].public_index = 1;
	}
	build.nodes = &v6_node;
	build.nr_nodes = 1;
	return build;
}

static const struct {
	const char *name;
	struct build (*make)(void);
	enum connect_view view;
	enum connect_format format;
} cases[] = {
	{"running_wait.txt", make_build, CONNECT_WAIT, CONNECT_TEXT},
	{"running_wait.md", make_build, CONNECT_WAIT, CONNECT_MARKDOWN},
	{"running_wait.json", make_build, CONNECT_WAIT, CONNECT_JSON},
	{"running.ssh_config", make_build, CONNECT_WAIT, CONNECT_SSH_CONFIG},
	{"running.known_hosts", make_build, CONNECT_WAIT, CONNECT_KNOWN_HOSTS},
	{"again.txt", make_again, CONNECT_ENABLE, CONNECT_TEXT},
	{"again.ssh_config", make_again, CONNECT_ENABLE, CONNECT_SSH_CONFIG},
	{"again.known_hosts", make_again, CONNECT_ENABLE, CONNECT_KNOWN_HOSTS},
	{"connected_wait.md", make_connected, CONNECT_WAIT, CONNECT_MARKDOWN},
	{"connected_wait.json", make_connected, CONNECT_WAIT, CONNECT_JSON},
	{"v6_enable.txt", make_v6, CONNECT_ENABLE, CONNECT_TEXT},
	{"v6_wait.md", make_v6, CONNECT_WAIT, CONNECT_MARKDOWN},
	{"v6_enable.json", make_v6, CONNECT_ENABLE, CONNECT_JSON},
	{"v6.ssh_config", make_v6, CONNECT_ENABLE, CONNECT_SSH_CONFIG},
	{"v6.known_hosts", make_v6, CONNECT_ENABLE, CONNECT_KNOWN_HOSTS},
	{"ended_enable.txt", make_ended, CONNECT_ENABLE, CONNECT_TEXT},
	{"ended_wait.md", make_ended, CONNECT_WAIT, CONNECT_MARKDOWN},
	{"ended_wait.json", make_ended, CONNECT_WAIT, CONNECT_JSON},
	{"running_enable.txt", make_build, CONNECT_ENABLE, CONNECT_TEXT},
	{"running_enable.md", make_build, CONNECT_ENABLE, CONNECT_MARKDOWN},
	{"running_enable.json", make_build, CONNECT_ENABLE, CONNECT_JSON},
	{"running.ssh_config", make_build, CONNECT_ENABLE, CONNECT_SSH_CONFIG},
	{"running.known_hosts", make_build, CONNECT_ENABLE, CONNECT_KNOWN_HOSTS},
	{"finished_wait.txt", make_finished, CONNECT_WAIT, CONNECT_TEXT},
	{"finished_wait.md", make_finished, CONNECT_WAIT, CONNECT_MARKDOWN},
	{"finished_wait.json", make_finished, CONNECT_WAIT, CONNECT_JSON},
	{"connected_wait.txt", make_connected, CONNECT_WAIT, CONNECT_TEXT},
	{"reserved_enable.txt", make_reserved, CONNECT_ENABLE, CONNECT_TEXT},
	{"ended_wait.txt", make_ended, CONNECT_WAIT, CONNECT_TEXT},
	{"ended_enable.md", make_ended, CONNECT_ENABLE, CONNECT_MARKDOWN},
};

static void expect_opened(struct connection *connection, enum connection_change change,
			  void *context)
{
}

/* A connection that the VM of that slot accepted and its client confirmed, or not, long ago. */
static void connect_from(struct connections *connections, const char *client, uint32_t slot_index,
			 bool accepted, unsigned int age_s)
{
	struct sp_note note = {.kind = SP_NOTE_OPENS,
			       .ring.at_ns = now.boot_ns - age_s * CLOCK_SECOND_NS,
			       .slot_index = slot_index,
			       .generation = 7,
			       .client_port_be = (__be16)(1000 + age_s)};

	assert_int_equal(addr_parse(client, &note.client), 0);
	watch_connections_note(connections, &note, expect_opened, NULL);
	note.kind = SP_NOTE_ACCEPTED;
	note.direction = SP_TOWARD_CLIENT;
	if (!accepted)
		return;
	watch_connections_note(connections, &note, expect_opened, NULL);
	note.kind = SP_NOTE_ESTABLISHED;
	note.direction = SP_TOWARD_VM;
	note.ack = note.seq + 1;
	note.tcp_flags = SP_TCP_ACK;
	watch_connections_note(connections, &note, expect_opened, NULL);
}

/* Nobody is connected unless somebody has been; then to the ports of node 0, and VNC. */
static void find_clients(const struct build *build, struct connect_clients *ret_clients)
{
	static struct sp_slot slots[4];
	const struct table_map table = {.leases = slots, .nr_slots = 4};
	struct connections *connections = watch_connections_new();

	assert_non_null(connections);
	for (unsigned int i = 0; i < 4; i++)
		slots[i].generation = 7;
	if (build->connected_wall_ns) {
		connect_from(connections, "192.0.2.50", 0, true, 300);
		connect_from(connections, "192.0.2.50", 0, true, 600);
		connect_from(connections, "2001:db8::9", 1, true, 120);
		connect_from(connections, "203.0.113.66", 0, false, 5);
	}
	connect_clients_find(connections, &table, build, &now, ret_clients);
	watch_connections_free(connections);
}

static char *render(size_t i)
{
	const struct build build = cases[i].make();
	struct connect_clients clients;
	const struct connect connect = {.build = &build,
					.settings = &settings,
					.clients = &clients,
					.now = now,
					.view = cases[i].view};
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	assert_non_null(out);
	find_clients(&build, &clients);
	connect_write(&connect, cases[i].format, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static FILE *open_golden(const char *name, const char *mode)
{
	const char *dir = getenv("GOLDEN_DIR");
	char path[512];
	FILE *file;

	assert_non_null(dir);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, mode);
	if (!file)
		fail_msg("cannot open %s", path);
	return file;
}

static void check_golden(const char *name, const char *text)
{
	FILE *file = open_golden(name, "r");
	char golden[8192] = "";

	golden[fread(golden, 1, sizeof(golden) - 1, file)] = '\0';
	fclose(file);
	print_message("# %s\n", name);
	assert_string_equal(text, golden);
}

static void test_write_when_any_view_then_equals_golden(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = render(i);

		if (getenv("GOLDEN_WRITE")) {
			FILE *file = open_golden(cases[i].name, "w");

			fputs(text, file);
			fclose(file);
		}
		check_golden(cases[i].name, text);
		free(text);
	}
}

static void test_parse_when_unknown_then_refuses(void **state)
{
	enum connect_format format = CONNECT_TEXT;
	enum connect_view view = CONNECT_ENABLE;

	assert_int_equal(connect_parse_view("wait", &view), 0);
	assert_int_equal(view, CONNECT_WAIT);
	assert_true(connect_parse_view("Wait", &view) < 0);
	assert_int_equal(connect_parse_format("ssh_config", &format), 0);
	assert_int_equal(format, CONNECT_SSH_CONFIG);
	assert_true(connect_parse_format("html", &format) < 0);
}

static int fill_settings(void **state)
{
	model_settings_init(&settings);
	settings.nr_publics = 2;
	snprintf(settings.publics[1].advertise, sizeof(settings.publics[1].advertise),
		 "2001:db8::243");
	for (uint32_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		ports[i].slot_index = i;
	snprintf(settings.publics[0].advertise, sizeof(settings.publics[0].advertise),
		 "54.224.97.243");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write_when_any_view_then_equals_golden),
		cmocka_unit_test(test_parse_when_unknown_then_refuses),
	};

	return cmocka_run_group_tests_name("connect-render", tests, fill_settings, NULL);
}
