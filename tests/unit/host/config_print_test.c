/* SPDX-License-Identifier: BSD-3-Clause */
/* The configuration as it counts: each value in its own form, and no text that may be a secret. */
#include "config_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/config_table.h"

static char *print(const char *text)
{
	struct config *config = fixture_load(text);
	char *printed = NULL;
	size_t bytes;
	FILE *stream = open_memstream(&printed, &bytes);

	assert_non_null(stream);
	config_print(config, stream);
	assert_int_equal(fclose(stream), 0);
	config_free(config);
	return printed;
}

static void assert_line(const char *text, const char *line)
{
	size_t length = strlen(line);

	for (const char *at = text; (at = strstr(at, line)); at++)
		if ((at == text || at[-1] == '\n') && at[length] == '\n')
			return;
	fail_msg("no line '%s' in:\n%s", line, text);
}

static void test_print_when_minimal_then_every_option_and_what_is_default(void **state)
{
	char *text = print(MINIMAL);

	for (const struct config_option *option = config_options; option->key; option++)
		assert_non_null(strstr(text, option->key));
	assert_line(text, "public.interface = \"eth0\"");
	assert_line(text, "public.addresses[0].bind = \"192.0.2.1\"");
	assert_line(text, "public.addresses[0].ports[0] = \"64535-65535\"");
	assert_line(text, "builds.networks[0] = \"10.0.0.0/16\"");
	assert_line(text, "edge.name = \"edge\"  # default");
	assert_line(text, "leases.max_lifetime = \"1d\"  # default");
	assert_line(text, "limits.syn_per_source = \"10/s\"  # default");
	assert_line(text, "limits.builds_per_actor = 0  # default");
	assert_line(text, "dataplane.engine = \"xdp\"  # default");
	assert_line(text, "dataplane.hugepages = true  # default");
	assert_line(text, "dataplane.eal = [ ]  # default");
	assert_line(text, "api.roles = [ ]  # default");
	assert_line(text, "api.group = \"\"  # default");
	assert_line(text, "metrics.listen = \"127.0.0.1:9464\"  # default");
	free(text);
}

static void test_print_when_all_is_said_then_each_in_its_form(void **state)
{
	char *text = print(
		"edge = { name = \"e\"; };\n"
		"public: { interface = \"one\"; addresses = (\n"
		"  { bind = \"192.0.2.1\"; advertise = \"ssh.example.org\"; pool = \"fast\";\n"
		"    ports = ( 22, \"100-200\" ); }, { bind = \"2001:db8::1\"; } ); };\n"
		"builds: { interface = \"one\"; networks = [ \"10.1.0.0/16\", \"fd00::/8\" ]; };\n"
		"leases: { linger = 90; explain = \"off\"; };\n"
		"limits: { syn_per_source = \"600/m\"; syn_per_lease = \"0\"; };\n"
		"api: { group = \"g\"; roles = ( { uid = 7; role = \"viewer\"; } ); };\n"
		"metrics: { listen = \"[::1]:80\"; };\n");

	assert_line(text, "edge.name = \"e\"");
	assert_line(text, "public.addresses[0].advertise = \"ssh.example.org\"");
	assert_line(text, "public.addresses[0].pool = \"fast\"");
	assert_line(text, "public.addresses[0].ports[0] = \"22\"");
	assert_line(text, "public.addresses[0].ports[1] = \"100-200\"");
	assert_line(text, "public.addresses[1].bind = \"2001:db8::1\"");
	assert_line(text, "builds.networks[1] = \"fd00::/8\"");
	assert_line(text, "leases.linger = \"1m30s\"");
	assert_line(text, "leases.explain = \"off\"");
	assert_line(text, "limits.syn_per_source = \"600/m\"");
	assert_line(text, "limits.syn_per_lease = \"0\"");
	assert_line(text, "api.group = \"g\"");
	assert_line(text, "api.roles[0].uid = 7");
	assert_line(text, "api.roles[0].role = \"viewer\"");
	assert_line(text, "metrics.listen = \"[::1]:80\"");
	free(text);
}

static void test_print_when_texts_are_free_then_they_are_left_out(void **state)
{
	char *text = print("# password: secret-comment\n" MINIMAL
			   "dataplane: { eal = [ \"--secret-one\", \"secret-two\" ]; };\n"
			   "api: { roles = ( { user = \"secret-user\"; role = \"viewer\"; },\n"
			   "  { group = \"secret-group\"; role = \"operator\"; } ); };\n");

	assert_null(strstr(text, "secret"));
	assert_line(text, "dataplane.eal[0] = (left out)");
	assert_line(text, "dataplane.eal[1] = (left out)");
	assert_line(text, "api.roles[0].user = (left out)");
	assert_line(text, "api.roles[0].group = \"\"");
	assert_line(text, "api.roles[1].group = (left out)");
	free(text);
}

/* Each range stands where it was written, though they are put in order. */
static void test_print_when_a_file_then_where_each_value_stands(void **state)
{
	static const char text[] =
		"public: { interface = \"eth0\"; addresses = (\n"
		"{ bind = \"192.0.2.1\"; ports = [\n"
		"\"63000-63009\",\n"
		"\"61000-61009\",\n"
		"62000 ]; } ); };\n"
		"builds: { interface = \"eth1\"; networks = [ \"10.0.0.0/16\" ]; };\n";
	char path[] = "/tmp/config-print-XXXXXX", expected[128];
	struct config_errors errors = {0};
	char *printed = NULL;
	size_t bytes;
	FILE *stream = open_memstream(&printed, &bytes);
	int fd = mkstemp(path);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(config_print_file(path, stream, &errors), 0);
	fclose(stream);
	close(fd);
	unlink(path);
	snprintf(expected, sizeof(expected),
		 "public.addresses[0].ports[0] = \"61000-61009\"  # %s:4", path);
	assert_line(printed, expected);
	snprintf(expected, sizeof(expected), "public.addresses[0].ports[1] = \"62000\"  # %s:5",
		 path);
	assert_line(printed, expected);
	snprintf(expected, sizeof(expected),
		 "public.addresses[0].ports[2] = \"63000-63009\"  # %s:3", path);
	assert_line(printed, expected);
	free(printed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_print_when_minimal_then_every_option_and_what_is_default),
		cmocka_unit_test(test_print_when_all_is_said_then_each_in_its_form),
		cmocka_unit_test(test_print_when_a_file_then_where_each_value_stands),
		cmocka_unit_test(test_print_when_texts_are_free_then_they_are_left_out),
	};

	return cmocka_run_group_tests_name("config_print", tests, NULL, NULL);
}
