/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/config_questions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config_fixture.h"

#define HEAD "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when\n"
#define TAIL " 00000000:00000000 00:00000000 00000000     0        0 5 1 0 100 0 0 10 0\n"

static const char config_text[] =
	"public: { interface = \"eth0\"; addresses = (\n"
	"{ bind = \"192.0.2.1\"; ports = [ 22, \"8000-8999\" ]; },\n"
	"{ bind = \"2001:db8::1\"; ports = [ 22 ]; } ); };\n"
	"builds: { interface = \"eth1\"; networks = [ \"10.0.0.0/16\" ]; };\n";

/* Expects questions for a table; "" for none. */
static void expect(const char *table, const char *expected)
{
	struct config *config = fixture_load(config_text);
	FILE *listeners = fmemopen((char *)table, strlen(table), "r");
	unsigned int lines = 0;
	char *said = NULL;
	size_t bytes;
	FILE *stream = open_memstream(&said, &bytes);
	unsigned int nr;

	assert_non_null(listeners);
	assert_non_null(stream);
	nr = config_question_ports(config, "f", listeners, stream);
	fclose(stream);
	fclose(listeners);
	assert_string_equal(said, expected);
	for (const char *c = said; *c; c++)
		lines += *c == '\n';
	assert_int_equal(nr, lines);
	free(said);
	config_free(config);
}

#define QUESTION(index, port, at)                                                                  \
	"f: public.addresses[" index "].ports: is port " port " meant? A program of this host "    \
	"listens on it at " at ", and would not be reached while a build has the port\n"

static void test_questions_when_the_host_listens_then_asked(void **state)
{
	expect(HEAD "   0: 00000000:0016 00000000:0000 0A" TAIL, QUESTION("0", "22", "0.0.0.0"));
	expect(HEAD "   0: 010200C0:1F90 00000000:0000 0A" TAIL,
	       QUESTION("0", "8080", "192.0.2.1"));
	expect(HEAD "   0: 00000000000000000000000000000000:0016 "
		    "00000000000000000000000000000000:0000 0A" TAIL,
	       QUESTION("0", "22", "::") QUESTION("1", "22", "::"));
	expect(HEAD "   7: B80D0120000000000000000001000000:0016 "
		    "00000000000000000000000000000000:0000 0A" TAIL,
	       QUESTION("1", "22", "2001:db8::1"));
}

static void test_questions_when_nobody_listens_there_then_none(void **state)
{
	expect(HEAD, "");
	expect(HEAD "   0: 00000000:0050 00000000:0000 0A" TAIL, ""); /* another port */
	expect(HEAD "   0: 0100007F:0016 00000000:0000 0A" TAIL, ""); /* another address */
	expect(HEAD "   0: 010200C0:0016 020200C0:9C40 01" TAIL, ""); /* a connection */
	expect("no table at all\n   0: 0\n", "");
}

/* Expects questions for values; "" for none. */
static void expect_values(const char *publics, const char *networks, const char *expected)
{
	char text[1024], *said = NULL;
	struct config *config;
	unsigned int nr, lines = 0;
	size_t bytes;
	FILE *stream = open_memstream(&said, &bytes);

	assert_non_null(stream);
	snprintf(text, sizeof(text),
		 "public: { interface = \"eth0\"; addresses = ( %s ); };\n"
		 "builds: { interface = \"eth1\"; networks = [ %s ]; };\n",
		 publics, networks);
	config = fixture_load(text);
	nr = config_question_values(config, "f", stream);
	fclose(stream);
	assert_string_equal(said, expected);
	for (const char *c = said; *c; c++)
		lines += *c == '\n';
	assert_int_equal(nr, lines);
	free(said);
	config_free(config);
}

static void test_questions_when_values_are_usual_then_none(void **state)
{
	expect_values("{ bind = \"192.0.2.1\"; pool = \"https\"; }, { bind = \"2001:db8::1\"; }",
		      "\"10.0.0.0/8\", \"fd00::/8\"", "");
}

static void test_questions_when_nobody_elsewhere_has_a_way_then_asked(void **state)
{
	expect_values("{ bind = \"127.0.0.1\"; }", "\"10.0.0.0/8\"",
		      "f: public.addresses[0].bind: is 127.0.0.1 meant? It is of this host alone "
		      "(loopback): no client from elsewhere reaches it\n");
	expect_values("{ bind = \"192.0.2.1\"; }, { bind = \"fe80::1\"; }", "\"10.0.0.0/8\"",
		      "f: public.addresses[1].bind: is fe80::1 meant? It is of one link alone "
		      "(link-local): no client from elsewhere reaches it\n");
	expect_values("{ bind = \"::1\"; }, { bind = \"169.254.7.1\"; }",
		      "\"127.0.0.0/8\", \"fe80::/64\"",
		      "f: public.addresses[0].bind: is ::1 meant? It is of this host alone "
		      "(loopback): no client from elsewhere reaches it\n"
		      "f: public.addresses[1].bind: is 169.254.7.1 meant? It is of one link alone "
		      "(link-local): no client from elsewhere reaches it\n"
		      "f: builds.networks[0]: is 127.0.0.0/8 meant? It is of this host alone "
		      "(loopback): no packet is sent on to a VM there\n"
		      "f: builds.networks[1]: is fe80::/64 meant? It is of one link alone "
		      "(link-local): no packet is sent on to a VM there\n");
}

static void test_questions_when_no_pool_is_the_default_then_asked(void **state)
{
	expect_values("{ bind = \"192.0.2.1\"; pool = \"https\"; }", "\"10.0.0.0/8\"",
		      "f: public.addresses: is no address meant to be of the pool \"default\"? "
		      "Builds that name no pool are refused\n");
}

/* Expects questions for more groups; "" for none. */
static void expect_more(const char *more, const char *expected)
{
	char *text = NULL, *said = NULL;
	struct config *config;
	size_t bytes;
	FILE *stream = open_memstream(&said, &bytes);

	assert_non_null(stream);
	assert_true(asprintf(&text, MINIMAL "%s\n", more) > 0);
	config = fixture_load(text);
	config_question_values(config, "f", stream);
	fclose(stream);
	assert_string_equal(said, expected);
	free(said);
	free(text);
	config_free(config);
}

static void test_questions_when_a_duration_has_no_unit_then_asked(void **state)
{
	expect_more("dataplane: { failover = 2; };",
		    "f: dataplane.failover: is \"2s\" meant? A number without a unit is seconds; "
		    "the default is \"2ms\"\n");
	expect_more(
		"leases: { linger = 30; quarantine = 0; extend_while_used: { step = 600; cap = "
		"\"2h\"; }; };",
		"f: leases.linger: is \"30s\" meant? A number without a unit is seconds; the "
		"default is \"30m\"\n"
		"f: leases.extend_while_used.step: is \"10m\" meant? A number without a unit is "
		"seconds; the default is \"0\"\n");
	/* With a unit, or where the default is in seconds. */
	expect_more("dataplane: { failover = \"2s\"; };", "");
	expect_more("api: { request_timeout = 10; };", "");
}

static void test_questions_when_linger_is_above_the_lifetime_then_asked(void **state)
{
	expect_more("leases: { linger = \"30m\"; max_lifetime = \"10m\"; };",
		    "f: leases.linger: is \"30m\" meant? leases.max_lifetime is \"10m\": a build "
		    "that has finished ends then, and never lingers for so long\n");
	expect_more("leases: { linger = \"30m\"; max_lifetime = \"30m\"; };", "");
}

#define PAGE_QUESTION                                                                              \
	"f: metrics.page: is it meant for everybody? By metrics.listen whoever reaches this host " \
	"reads there the names of builds and the addresses of clients\n"

static void test_questions_when_everybody_has_the_page_then_asked(void **state)
{
	expect_more("metrics: { page = true; listen = \"0.0.0.0:9464\"; };", PAGE_QUESTION);
	expect_more("metrics: { page = true; listen = \"[::]:9464\"; };", PAGE_QUESTION);
	expect_more("metrics: { page = true; listen = \"192.0.2.1:9464\"; };", PAGE_QUESTION);
	expect_more("metrics: { page = true; listen = \"10.9.0.1:9464\"; };", "");
	expect_more("metrics: { page = true; };", "");
	expect_more("metrics: { listen = \"0.0.0.0:9464\"; };", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_questions_when_the_host_listens_then_asked),
		cmocka_unit_test(test_questions_when_nobody_listens_there_then_none),
		cmocka_unit_test(test_questions_when_values_are_usual_then_none),
		cmocka_unit_test(test_questions_when_nobody_elsewhere_has_a_way_then_asked),
		cmocka_unit_test(test_questions_when_no_pool_is_the_default_then_asked),
		cmocka_unit_test(test_questions_when_a_duration_has_no_unit_then_asked),
		cmocka_unit_test(test_questions_when_linger_is_above_the_lifetime_then_asked),
		cmocka_unit_test(test_questions_when_everybody_has_the_page_then_asked),
	};

	return cmocka_run_group_tests_name("config_questions", tests, NULL, NULL);
}
