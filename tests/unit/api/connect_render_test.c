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

#include "build.h"
#include "connect.h"
#include "edge.h"

static struct edge_settings settings;

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
	build.user = NULL;
	build.nodes = &waiting;
	build.nr_nodes = 1;
	return build;
}

static const struct {
	const char *name;
	struct build (*make)(void);
	enum connect_view view;
	enum connect_format format;
} cases[] = {
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

static char *render(size_t i)
{
	const struct build build = cases[i].make();
	const struct connect connect = {
		.build = &build, .settings = &settings, .now = now, .view = cases[i].view};
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	assert_non_null(out);
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
	edge_settings_init(&settings);
	settings.nr_publics = 1;
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
