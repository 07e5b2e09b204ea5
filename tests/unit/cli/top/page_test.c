/* SPDX-License-Identifier: BSD-3-Clause */
/* What top paints: text that cannot play with a terminal, figures, pages of any size, and keys. */
#include "cli/top/paint/page.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/top/list/keys.h"
#include "cli/top/list/text.h"
#include "cli/top/paint/paint.h"
#include "host/boottime.h"

/* Result: the page as text, to be freed. */
static char *write_page(const struct top_page *page)
{
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	assert_non_null(out);
	paint_page_write(page, out);
	fclose(out);
	return text;
}

static void test_text_cannot_play_with_a_terminal(void **state)
{
	static const struct {
		int columns;
		const char *text, *want;
	} cases[] = {
		{20, "plain", "plain\n"},
		{20, "\033[2J\033]0;x\a", "?[2J?]0;x?\n"},
		{20, "a\nb\tc\rd\177", "a?b?c?d?\n"},
		{20,
		 "\xc2\x9b"
		 "31m",
		 "?31m\n"},				      /* CSI of eight bits */
		{20, "x\xe2\x80\xaey", "x?y\n"},	      /* turns the direction */
		{20, "e\xcc\x81", "e?\n"},		      /* joins */
		{20, "\xff\xc0\x80\xed\xa0\x80", "??????\n"}, /* no UTF-8 */
		{20, "caf\xc3\xa9 \xe6\x97\xa5\xe6\x9c\xac",
		 "caf\xc3\xa9 \xe6\x97\xa5\xe6\x9c\xac\n"},
		{5, "123456789", "1234+\n"},
		{4, "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", "\xe6\x97\xa5+\n"},
		{-5, "12", "   12\n"},
		{-5, "123456", "1234+\n"},
		{0, "none", "\n"},
		{20, "", "\n"},
	};
	struct top_page page = {0};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		fail_msg("no C.UTF-8");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text;

		assert_int_equal(paint_page_reset(&page, 20, 1), 0);
		paint_page_put(&page, 0, 0, cases[i].columns, TOP_PLAIN, cases[i].text);
		text = write_page(&page);
		assert_string_equal(text, cases[i].want);
		free(text);
	}
	paint_page_free(&page);
}

static void test_what_lies_outside_is_left_out(void **state)
{
	struct top_page page = {0};
	char *text;

	assert_int_equal(paint_page_reset(&page, 3, 2), 0);
	assert_int_equal(paint_page_put(&page, 2, 0, 3, TOP_PLAIN, "below"), 0);
	assert_int_equal(paint_page_put(&page, 0, 3, 3, TOP_PLAIN, "beside"), 0);
	assert_int_equal(paint_page_put(&page, 1, 2, 9, TOP_PLAIN, "ab"), 1);
	paint_page_put(&page, 0, 1, -9, TOP_PLAIN, "x");
	paint_page_style_line(&page, 7, TOP_BAD);
	text = write_page(&page);
	assert_string_equal(text, "\n  +\n");
	free(text);
	assert_int_equal(paint_page_reset(&page, 0, 0), 0);
	assert_int_equal(paint_page_put(&page, 0, 0, 1, TOP_PLAIN, "x"), 0);
	paint_page_free(&page);
}

static void test_figures_are_narrow(void **state)
{
	static const struct {
		double number;
		const char *want;
	} numbers[] = {{0, "0"},
		       {0.25, "0.2"},
		       {7, "7"},
		       {9.96, "10"},
		       {999.4, "999"},
		       {999.6, "1.0k"},
		       {12345, "12.3k"},
		       {999600, "1.0M"},
		       {123456789, "123M"},
		       {1e30, "1000000000000E"}};
	static const struct {
		uint64_t s;
		const char *want;
	} times[] = {{0, "0s"},
		     {59, "59s"},
		     {60, "1m00s"},
		     {3599, "59m59s"},
		     {3600, "1h00m"},
		     {86399, "23h59m"},
		     {99 * 3600 + 3599, "99h59m"},
		     {100 * 3600, "4d04h"},
		     {86400 * 500ull, "500d"},
		     {86400 * 5000ull, ">999d"}};
	static const struct {
		uint64_t left, whole;
		const char *want;
	} bars[] = {{0, 100, "[          ]"},	{1, 100, "[|         ]"}, {50, 100, "[|||||     ]"},
		    {100, 100, "[||||||||||]"}, {9, 3, "[||||||||||]"},	  {0, 0, "[          ]"}};
	char text[TOP_TEXT_SIZE], id[TOP_ID_SIZE];

	assert_string_equal(list_text_id("b-12", 4, id), "b-12");
	assert_string_equal(list_text_id("build-1234", 9, id), "buil+1234");
	assert_string_equal(list_text_id("build-1234", 1, id), "+");
	assert_string_equal(list_text_id("build-1234", 0, id), "build-1234");
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		assert_string_equal(list_text_number(numbers[i].number, text), numbers[i].want);
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		assert_string_equal(list_text_time(times[i].s * NS_PER_S, text), times[i].want);
	for (size_t i = 0; i < sizeof(bars) / sizeof(bars[0]); i++)
		assert_string_equal(list_text_bar(bars[i].left, bars[i].whole, 12, text),
				    bars[i].want);
}

static const char build_text[] =
	"{\"id\":\"b1\",\"title\":\"\\u001b[2J\",\"state\":\"running\",\"organisation\":\"acme\","
	"\"actors\":[\"\\u001b]0;evil\\u0007\"],\"remaining_s\":1800,"
	"\"created_at\":\"2033-05-18T03:03:20Z\",\"user\":\"\\u009b31m\",\"nodes\":[{\"index\":0,"
	"\"state\":\"ready\",\"address\":\"10.0.3.7\",\"port\":22,\"public_host\":\"192.0.2.1\","
	"\"public_port\":64784,\"ssh\":\"ssh -p 64784 -o HostKeyAlias=b1-0 ubuntu@192.0.2.1\"}]}";

static void fill(struct top *top, const struct cli *cli)
{
	const struct top_moment moment = {5000 * NS_PER_S, 2000000000 * NS_PER_S};
	json_t *build = json_loads(build_text, JSON_ALLOW_NUL, NULL);

	assert_non_null(build);
	*top = (struct top){.cli = cli, .now_ns = moment.now_ns, .view.stale = true};
	assert_int_equal(list_rows_put(&top->rows, build, &moment), 0);
	list_state_open(top, "b1");
	top->detail.part[TOP_PART_BUILD] = build;
	strcpy(top->edge.name, "\033[31m");
	top->edge.known = true;
	for (unsigned int i = 0; i < SP_VERDICT_COUNT; i++)
		top->edge.verdict[i] = 1000 + i;
}

/* Whatever the size, and with names that hold escape sequences. */
static void test_pages_of_all_sizes_hold_no_escape(void **state)
{
	struct cli_given given[1];
	const struct cli cli = {.given = given};
	struct top_page page = {0};
	struct top top;

	setlocale(LC_CTYPE, "C.UTF-8");
	fill(&top, &cli);
	for (unsigned int i = 0; i < 30 * 30 * TOP_MODES_NR * 3; i++) {
		unsigned int more = i / (30 * 30 * TOP_MODES_NR);
		char *text;

		top.width = i % 30 * 7;
		top.height = i / 30 % 30;
		top.mode = i / 900 % TOP_MODES_NR;
		top.detail.first = i % 50;
		strcpy(top.ask_id, more == 1 ? "\033c" : "");
		strcpy(top.lost, more == 2 ? "\033c" : "");
		assert_int_equal(paint_mode(&top, &page), 0);
		text = write_page(&page);
		assert_null(strpbrk(text, "\033\a\r\t"));
		assert_null(strstr(text, "\xc2\x9b"));
		free(text);
	}
	paint_page_free(&page);
	list_state_free(&top);
}

static void test_list_is_at_home_on_80_columns(void **state)
{
	struct cli_given given[1];
	const struct cli cli = {.given = given};
	struct top_page page = {0};
	struct top top;
	char *text;

	fill(&top, &cli);
	top.mode = TOP_LIST;
	top.width = 80;
	top.height = 24;
	assert_int_equal(paint_mode(&top, &page), 0);
	text = write_page(&page);
	assert_non_null(strstr(text, "\nb1 "));
	assert_non_null(strstr(text, " running  [|||||    ] 30m00s      -       -     0\n"));
	assert_non_null(strstr(text, "\nrefused  "));
	free(text);
	paint_page_free(&page);
	list_state_free(&top);
}

static void press(struct top *top, const char *keys)
{
	for (; *keys; keys++)
		assert_int_equal(list_keys_press(top, (unsigned char)*keys), TOP_NOTHING);
}

static void test_cancel_needs_a_yes_to_that_build(void **state)
{
	struct cli_given given[1];
	const struct cli cli = {.given = given};
	struct top top;

	fill(&top, &cli);
	top.mode = TOP_LIST;
	assert_int_equal(list_view_update(&top.view, &top.rows), 0);
	press(&top, "c");
	assert_string_equal(top.ask_id, "b1");
	press(&top, "n");
	assert_string_equal(top.ask_id, "");
	press(&top, "cq"); /* no, rather than quit */
	assert_string_equal(top.ask_id, "");
	press(&top, "c");
	assert_int_equal(list_keys_press(&top, TOP_KEY_REDRAW), TOP_REDRAW); /* no answer */
	assert_int_equal(list_keys_press(&top, TOP_KEY_NONE), TOP_NOTHING);
	assert_string_equal(top.ask_id, "b1");
	list_rows_remove(&top.rows, "b1");
	list_view_update(&top.view, &top.rows);
	assert_int_equal(list_keys_press(&top, 'y'), TOP_CANCEL);
	assert_string_equal(top.ask_id, "b1");
	top.ask_id[0] = '\0';
	press(&top, "c"); /* nobody is there */
	assert_string_equal(top.ask_id, "");
	list_state_free(&top);
}

static void test_keys_sort_and_filter(void **state)
{
	struct cli_given given[1];
	const struct cli cli = {.given = given};
	struct top top;

	fill(&top, &cli);
	top.mode = TOP_LIST;
	press(&top, "<");
	assert_int_equal(top.view.sort, TOP_COLUMNS_NR - 1);
	press(&top, ">>r");
	assert_true(top.view.sort == TOP_COLUMN_STATE && top.view.reverse);
	press(&top, "/qc\001x"); /* letters are letters here */
	assert_string_equal(top.view.filter, "qcx");
	list_keys_press(&top, 0xe9);
	assert_string_equal(top.view.filter, "qcx\xc3\xa9");
	list_keys_press(&top, TOP_KEY_BACKSPACE);
	assert_string_equal(top.view.filter, "qcx");
	for (unsigned int i = 0; i < 2 * TOP_FILTER_SIZE; i++)
		list_keys_press(&top, 0x20ac);
	assert_true(strlen(top.view.filter) < TOP_FILTER_SIZE);
	list_keys_press(&top, TOP_KEY_ESCAPE);
	assert_true(top.mode == TOP_LIST && top.view.filter[0] == '\0');
	press(&top, "d?x");
	assert_int_equal(top.mode, TOP_DROPS);
	press(&top, "x");
	assert_int_equal(top.mode, TOP_LIST);
	assert_int_equal(list_keys_press(&top, 'q'), TOP_QUIT);
	list_state_free(&top);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_cannot_play_with_a_terminal),
		cmocka_unit_test(test_what_lies_outside_is_left_out),
		cmocka_unit_test(test_figures_are_narrow),
		cmocka_unit_test(test_pages_of_all_sizes_hold_no_escape),
		cmocka_unit_test(test_list_is_at_home_on_80_columns),
		cmocka_unit_test(test_cancel_needs_a_yes_to_that_build),
		cmocka_unit_test(test_keys_sort_and_filter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
