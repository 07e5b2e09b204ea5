#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# meson 1.0.1-5. meson(1) has the exit statuses 0 for success, 1 and 2 for mistakes, and 125 for a test that
# cannot be built. One would guess: `meson test` ends with 1 if tests fail, whatever their number.
# It ends with the number of the tests that failed, of which the system keeps the last eight bits: with
# 256 failures, as when a tool is missing and each test of a long list fails, the run is green, and so
# is `ninja test`. Seen:
#
#   3 failures: exit status 3; 256 failures: "Fail: 256", exit status 0; ninja test: 0
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get download -qq -o APT::Sandbox::User=root meson=1.0.1-5 ninja-build=1.11.1-2~deb12u1 >/dev/null
for package in ./*.deb; do dpkg -x "$package" root; done
cat >meson.build <<'M'
project('failures')
no = find_program('false')
foreach number : range(256)
  test('test @0@'.format(number), no, suite: number < 3 ? 'few' : 'more')
endforeach
M
PATH=$dir/root/usr/bin:/usr/bin:/bin PYTHONPATH=$dir/root/usr/lib/python3/dist-packages
export PATH PYTHONPATH
meson() {
	/usr/bin/python3 "$dir/root/usr/bin/meson" "$@"
}
meson setup build >/dev/null
few=0 all=0 by_ninja=0
meson test -C build --suite few >said 2>&1 || few=$?
meson test -C build >>said 2>&1 || all=$?
ninja -C build test >>said 2>&1 || by_ninja=$?
[ "$few $all $by_ninja" = '3 0 0' ] && [ "$(grep -c '^Fail: *256' said)" = 2 ] && exit 0
echo "it is different now: exit status $few, $all, $by_ninja"
tail -n 12 said
exit 1
