/* SPDX-License-Identifier: BSD-3-Clause */
/* Command lines, and what is made of them or said of them. */
#include "cli/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/talk/exit.h"
#include "json/problem.h"

#define WORDS_MAX 8

/* The line, its words parted by blanks, and what it says on stderr; "": it is right. */
struct line_case {
	const char *line;
	const char *verb;
	const char *operand;
	const char *said;
};

/* Result: what was said, to be freed. */
static char *read_line(struct cli *cli, char *line)
{
	char *argv[WORDS_MAX + 2] = {(char *)"sallyport"}, *said = NULL;
	FILE *file = tmpfile();
	int before = dup(STDERR_FILENO), nr = 1;
	enum cli_exit code;
	size_t space = 0;

	for (char *word = strtok(line, " "); word; word = strtok(NULL, " "))
		argv[nr++] = word;
	assert_non_null(file);
	fflush(stderr);
	dup2(fileno(file), STDERR_FILENO);
	code = cli_words_read(cli, argv);
	fflush(stderr);
	dup2(before, STDERR_FILENO);
	close(before);
	rewind(file);
	if (getline(&said, &space, file) < 0)
		said[0] = '\0';
	said[strcspn(said, "\n")] = '\0';
	assert_int_equal(code, said[0] ? CLI_EXIT_USAGE : CLI_EXIT_OK);
	fclose(file);
	return said;
}

static void check_line(const struct line_case *c)
{
	struct cli_given given[WORDS_MAX];
	const char *operands[WORDS_MAX];
	struct cli cli = {.given = given, .operands = operands};
	char *line = strdup(c->line), *said = read_line(&cli, line);

	assert_string_equal(said, c->said);
	if (c->verb)
		assert_string_equal(cli.verb->name, c->verb);
	if (c->operand)
		assert_string_equal(cli.operand, c->operand);
	free(said);
	free(line);
}

static void check_lines(const struct line_case *cases, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		check_line(&cases[i]);
}

static void test_words_when_right_then_taken(void **state)
{
	static const struct line_case cases[] = {
		{"show x", "show", "x", ""},
		{"sh x", "show", "x", ""},
		{"connect x", "connect", "x", ""},
		{"ext x --unt 2026-12-01T18:00Z", "extend", "x", ""},
		{"-s/a list", "list", NULL, ""},
		{"-s /a list", "list", NULL, ""},
		{"--sock=/a list --st running", "list", NULL, ""},
		{"show -- -x", "show", "-x", ""},
		{"sync -", "sync", "-", ""},
		{"help", "help", NULL, ""},
		{"enable --help", "enable", NULL, ""},
		{"cancel x y z", "cancel", "x", ""},
		{"-V", NULL, NULL, ""},
		{"list -otext", "list", NULL, ""},
		{"list -o=text", "list", NULL, ""},
	};

	check_lines(cases, sizeof(cases) / sizeof(cases[0]));
}

static void test_words_when_wrong_then_what_and_what_was_meant(void **state)
{
	static const struct line_case cases[] = {
		{"", NULL, NULL, "sallyport: a verb is missing"},
		{"lsit", NULL, NULL, "sallyport: unknown verb lsit; did you mean list?"},
		{"zzzzz", NULL, NULL, "sallyport: unknown verb zzzzz"},
		{"conn x", NULL, NULL, "sallyport: verb conn could be connect, connections"},
		{"list x", "list", NULL, "sallyport: one argument too many: x"},
		{"cancel", "cancel", NULL, "sallyport: an argument is missing: ID..."},
		{"list running", "list", NULL,
		 "sallyport: one argument too many: running; did you mean --state running?"},
		{"enable x 10.0.3.7", "enable", "x",
		 "sallyport: one argument too many: 10.0.3.7; did you mean --node 10.0.3.7?"},
		{"enable x [2001:db8::1]:22", "enable", "x",
		 "sallyport: one argument too many: [2001:db8::1]:22; did you mean --node "
		 "[2001:db8::1]:22?"},
		{"enable x 10m", "enable", "x",
		 "sallyport: one argument too many: 10m; did you mean --linger or --max-lifetime "
		 "or "
		 "--connect-within 10m?"},
		{"capture x 10m", "capture", "x",
		 "sallyport: one argument too many: 10m; did you mean --for 10m?"},
		{"connect x markdown", "connect", "x",
		 "sallyport: one argument too many: markdown; did you mean --format markdown?"},
		{"diagnose x 203.0.113.9", "diagnose", "x",
		 "sallyport: one argument too many: 203.0.113.9; did you mean --client "
		 "203.0.113.9?"},
		{"connections x", "connections", NULL,
		 "sallyport: one argument too many: x; did you mean --build x?"},
		{"finish x 2026-12-01T18:00:00Z", "finish", "x",
		 "sallyport: one argument too many: 2026-12-01T18:00:00Z; did you mean --at "
		 "2026-12-01T18:00:00Z?"},
		{"list --stat", "list", NULL, "sallyport: a value is missing after --stat"},
		{"list --sttae x", "list", NULL,
		 "sallyport: unknown option --sttae; did you mean --state?"},
		{"enable x --no-de", "enable", "x",
		 "sallyport: unknown option --no-de; did you mean --node?"},
		{"enable x --s y", "enable", "x",
		 "sallyport: option --s could be --socket, --supersede"},
		{"enable x --supersede=1", "enable", "x",
		 "sallyport: no value belongs to --supersede"},
		{"list -q", "list", NULL, "sallyport: unknown option -q"},
		{"list -hx", "list", NULL, "sallyport: no value belongs to --help"},
		{"list --state asleep", "list", NULL,
		 "sallyport: --state is one of reserved running finished ended, not asleep"},
		{"attest --at 2026-11-30T08:48", "attest", NULL,
		 "sallyport: --at lacks a time zone; did you mean 2026-11-30T08:48:00Z?"},
		{"finish x --at yesterday", "finish", "x",
		 "sallyport: --at is a time such as 2026-12-01T18:00:00Z, not yesterday"},
		{"list -oxml", "list", NULL, "sallyport: --output is one of text json, not xml"},
	};

	check_lines(cases, sizeof(cases) / sizeof(cases[0]));
}

/* The last one: from here on errors are JSON. */
static void test_words_when_json_is_asked_for_then_the_error_is(void **state)
{
	static const struct line_case cases[] = {
		{"lsit -ojson", NULL, NULL,
		 "{\"detail\":\"unknown verb lsit; did you mean list?\",\"title\":\"Wrong usage\","
		 "\"kind\":\"usage\",\"exit\":2}"},
		{"-o json list \xff", NULL, NULL,
		 "{\"detail\":\"one argument too many: ?\",\"title\":\"Wrong usage\","
		 "\"kind\":\"usage\",\"exit\":2}"},
	};

	check_lines(cases, sizeof(cases) / sizeof(cases[0]));
}

/* Result: in how many rows a type of problem is. */
static unsigned int count_rows(const char *slug)
{
	unsigned int nr = 0;

	for (const struct exit_row *row = talk_exit_rows; row->kind; row++) {
		char *text = row->problems ? strdup(row->problems) : NULL;

		for (char *word = text ? strtok(text, " ") : NULL; word; word = strtok(NULL, " "))
			nr += strcmp(word, slug) == 0;
		free(text);
	}
	return nr;
}

static void test_exit_each_problem_has_one_status(void **state)
{
	for (enum problem_type type = 0; type < PROBLEM_TYPES_NR; type++)
		if (count_rows(json_problem_slug(type)) != 1)
			fail_msg("%s is not in one row", json_problem_slug(type));
	assert_int_equal(talk_exit_of_problem("https://x.example/problems/not-found"),
			 CLI_EXIT_NOT_FOUND);
	assert_int_equal(talk_exit_of_problem("urn:x:over-limit"), CLI_EXIT_LIMIT);
	assert_int_equal(talk_exit_of_problem("over"), CLI_EXIT_REFUSED);
	assert_int_equal(talk_exit_of_problem("-"), CLI_EXIT_REFUSED);
}

static void test_exit_rows_are_where_their_status_says(void **state)
{
	for (unsigned int i = 0; talk_exit_rows[i].kind; i++)
		assert_int_equal(talk_exit_rows[i].code, i);
}

/* sallyport(1) is made of them. */
static void test_verbs_each_has_an_example_that_is_right(void **state)
{
	for (const struct cli_verb *verb = cli_verbs; verb->name; verb++) {
		assert_non_null(verb->examples);
		assert_non_null(verb->examples->does);
		for (const struct cli_example *each = verb->examples; each->does; each++) {
			const char *at = strstr(each->line, "sallyport ");

			if (!at ||
			    strncmp(at + strlen("sallyport "), verb->name, strlen(verb->name)) != 0)
				fail_msg("%s is no example of %s", each->line, verb->name);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exit_each_problem_has_one_status),
		cmocka_unit_test(test_exit_rows_are_where_their_status_says),
		cmocka_unit_test(test_verbs_each_has_an_example_that_is_right),
		cmocka_unit_test(test_words_when_right_then_taken),
		cmocka_unit_test(test_words_when_wrong_then_what_and_what_was_meant),
		cmocka_unit_test(test_words_when_json_is_asked_for_then_the_error_is),
	};

	return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
