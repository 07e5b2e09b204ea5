/* SPDX-License-Identifier: BSD-3-Clause */
/* All who look at the status page have a share of sallyportd's time: more is refused by 429. */
#include "api/pages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "api/call/call.h"
#include "api/call/context.h"
#include "host/boottime.h"

static uint64_t clock_ns;
static struct http_answer answered; /* by the call under way; status 0: not at all */

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);
void __wrap_http_request_answer(struct http_request *request, struct http_answer *answer);
int __wrap_http_request_error(const struct http_request *request);

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret)
{
	*ret = (struct timespec){(time_t)(clock_ns / NS_PER_S), (long)(clock_ns % NS_PER_S)};
	return 0;
}

void __wrap_http_request_answer(struct http_request *request, struct http_answer *answer)
{
	http_answer_clear(&answered);
	answered = *answer;
	*answer = (struct http_answer){0};
}

int __wrap_http_request_error(const struct http_request *request)
{
	return 0;
}

/* Looks for so long. Result: whether it was let; else it was refused with 429. */
static bool look(struct api_pages *pages, uint64_t for_ns)
{
	static char request;
	struct api_context api = {.pages = pages};
	struct api_call call = {.api = &api, .request = (struct http_request *)&request};
	uint64_t began_ns;

	http_answer_clear(&answered);
	if (api_pages_begin(&call, &began_ns)) {
		assert_non_null(call.request);
		assert_int_equal(answered.status, 0);
		clock_ns += for_ns;
		api_pages_end(pages, began_ns);
		return true;
	}
	assert_null(call.request);
	assert_int_equal(answered.status, 429);
	return false;
}

static const char *header(const char *name)
{
	for (unsigned int i = 0; i < answered.nr_headers; i++)
		if (strcmp(answered.header[i].name, name) == 0)
			return answered.header[i].value;
	return NULL;
}

static void test_look_when_the_second_is_spent_then_429_until_time_has_passed(void **state)
{
	struct api_pages pages = {.on = true};

	clock_ns = 1000 * NS_PER_S;
	assert_true(look(&pages, NS_PER_S / 2));
	assert_true(
		look(&pages, 3 * NS_PER_S / 2)); /* overdrawn by 0.9 s: of that 0.3 s came back */
	assert_false(look(&pages, 0));
	assert_string_equal(header("Retry-After"), "1");
	assert_string_equal(answered.content_type, "application/problem+json");
	assert_non_null(strstr(answered.body, "too-many-requests"));
	clock_ns += 5 * NS_PER_S / 2;
	assert_false(look(&pages, 0));
	clock_ns += NS_PER_S;
	assert_true(look(&pages, 0));
}

static void test_look_when_nobody_stops_then_a_share_of_the_time(void **state)
{
	const uint64_t step_ns = 10 * NS_PER_MS, lasts_ns = 100 * NS_PER_S;
	struct api_pages pages = {.on = true};
	uint64_t spent_ns = 0, refused = 0;

	clock_ns = 1000 * NS_PER_S;
	while (clock_ns < 1000 * NS_PER_S + lasts_ns) {
		if (look(&pages, step_ns)) {
			spent_ns += step_ns;
		} else {
			refused++;
			clock_ns += NS_PER_MS;
		}
	}
	assert_true(refused > 0);
	/* With the second that was saved, and one step that was let begin by what was left. */
	assert_in_range(spent_ns, lasts_ns / NS_PER_S * API_PAGES_SHARE,
			lasts_ns / NS_PER_S * API_PAGES_SHARE * 11 / 10 + NS_PER_S);
}

static void test_look_when_nobody_looked_for_days_then_no_more_than_a_second(void **state)
{
	struct api_pages pages = {.on = true};

	clock_ns = 1000 * NS_PER_S;
	assert_true(look(&pages, 0));
	clock_ns += 100 * 24 * 3600 * NS_PER_S;
	assert_true(look(&pages, 0));
	assert_int_equal(pages.credit_ns, NS_PER_S);
	/* Nor is more owed, by whatever took so long. */
	assert_true(look(&pages, 24 * 3600 * NS_PER_S));
	clock_ns += 5 * NS_PER_S;
	assert_true(look(&pages, 0));
}

static int clean_up(void **state)
{
	http_answer_clear(&answered);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_look_when_the_second_is_spent_then_429_until_time_has_passed),
		cmocka_unit_test(test_look_when_nobody_stops_then_a_share_of_the_time),
		cmocka_unit_test(test_look_when_nobody_looked_for_days_then_no_more_than_a_second),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, clean_up);
}
