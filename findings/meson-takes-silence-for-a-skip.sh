#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# meson 1.0.1-5, protocol 'tap'. One would guess that a test program that shows no case at all has
# failed. It is a skip, and the run is green: for one that prints nothing, for one that prints "1..3"
# and exits, and even for one that says "Bail out!" ahead of its first case. Seen:
#
#   silent SKIP, plan SKIP, bail SKIP; exit status 0
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get download -qq -o APT::Sandbox::User=root meson=1.0.1-5 ninja-build=1.11.1-2~deb12u1 >/dev/null
for package in ./*.deb; do dpkg -x "$package" root; done
cat >meson.build <<'M'
project('silence')
test('silent', find_program('sh'), args: ['-c', 'exit 0'], protocol: 'tap')
test('plan', find_program('sh'), args: ['-c', 'echo 1..3'], protocol: 'tap')
test('bail', find_program('sh'), args: ['-c', 'echo "Bail out! no"'], protocol: 'tap')
M
PATH=$dir/root/usr/bin:/usr/bin:/bin PYTHONPATH=$dir/root/usr/lib/python3/dist-packages
export PATH PYTHONPATH
meson() {
	/usr/bin/python3 "$dir/root/usr/bin/meson" "$@"
}
meson setup build >/dev/null
status=0
meson test -C build >said 2>&1 || status=$?
[ $status = 0 ] && [ "$(grep -c 'SKIP' said)" = 3 ] && exit 0
echo "it is different now: exit status $status"
cat said
exit 1
