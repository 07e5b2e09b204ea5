/* SPDX-License-Identifier: BSD-3-Clause */
/* What errors of the gateway mean, in the words that etcd 3.4 has for them. */
#include "etcd/post.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_judge_when_the_store_refuses_then_told_from_one_that_is_away(void **state)
{
	static const struct {
		unsigned int status;
		const char *message;
		enum etcd_post_verdict verdict;
		int error;
	} cases[] = {
		{401, "etcdserver: invalid auth token", ETCD_POST_TOKEN, 0},
		{400, "etcdserver: user name is empty", ETCD_POST_TOKEN, 0},
		{400, "etcdserver: revision of auth store is old", ETCD_POST_TOKEN, 0},
		{400, "etcdserver: authentication failed, invalid user ID or password",
		 ETCD_POST_REFUSED, -EACCES},
		{403, "etcdserver: permission denied", ETCD_POST_REFUSED, -EACCES},
		{400, "etcdserver: mvcc: required revision has been compacted", ETCD_POST_REFUSED,
		 -ERANGE},
		{404, "etcdserver: requested lease not found", ETCD_POST_REFUSED, -ENOENT},
		{400, "etcdserver: too many operations in txn request", ETCD_POST_REFUSED, -EINVAL},
		{429, "etcdserver: mvcc: database space exceeded", ETCD_POST_REFUSED, -EREMOTEIO},
		{503, "etcdserver: leader changed", ETCD_POST_UNKNOWN, -EREMOTEIO},
		{503, "etcdserver: request timed out", ETCD_POST_UNKNOWN, -EREMOTEIO},
		{500, "it answers with status 500", ETCD_POST_UNKNOWN, -EREMOTEIO},
		{404, "it answers with status 404", ETCD_POST_AWAY, -EREMOTEIO},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct etcd_answer answer = {0};

		etcd_post_judge(cases[i].status, cases[i].message, &answer);
		assert_int_equal(answer.verdict, cases[i].verdict);
		if (cases[i].error)
			assert_int_equal(answer.error, cases[i].error);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_judge_when_the_store_refuses_then_told_from_one_that_is_away),
	};

	return cmocka_run_group_tests_name("etcd_judge", tests, NULL, NULL);
}
