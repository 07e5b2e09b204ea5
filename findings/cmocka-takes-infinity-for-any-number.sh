#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# cmocka 1.1.5-2.1. assert_float_equal(a, b, epsilon) is for two floats that differ by no more than an
# epsilon (cmocka.h). One would guess: infinity and 5 do, and not-a-number is equal to nothing.
# Both are equal to every number, with every epsilon: it also lets pass what differs by less than a
# share of the larger of the two, which is infinite here, and asks only whether the difference is
# greater, which it never is of a NaN. So a division by zero passes for any result. Seen:
#
#   [       OK ] endless (infinity and 5), opposite (infinity and its negative), no_number (NaN and 5)
#   [  FAILED  ] six (6 and 5)
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get download -qq -o APT::Sandbox::User=root libcmocka-dev=1.1.5-2.1 libcmocka0=1.1.5-2.1 >/dev/null
for package in ./*.deb; do dpkg -x "$package" root; done
cat >floats.c <<'C'
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#define EQUAL(name, a, b) \
	static void name(void **state) \
	{ \
		(void)state; \
		assert_float_equal(a, b, 0.001f); \
	}
EQUAL(endless, INFINITY, 5.0f)
EQUAL(opposite, INFINITY, -INFINITY)
EQUAL(no_number, NAN, 5.0f)
EQUAL(six, 6.0f, 5.0f)
int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(endless), cmocka_unit_test(opposite),
					   cmocka_unit_test(no_number), cmocka_unit_test(six)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
C
cc -Iroot/usr/include -o floats floats.c root/usr/lib/x86_64-linux-gnu/libcmocka.so.0
status=0
LD_LIBRARY_PATH=root/usr/lib/x86_64-linux-gnu ./floats >said 2>&1 || status=$?
[ $status = 1 ] && grep -q 'OK . endless' said && grep -q 'OK . opposite' said &&
	grep -q 'OK . no_number' said && grep -q 'FAILED  . six' said && exit 0
echo "it is different now: exit status $status"
cat said
exit 1
