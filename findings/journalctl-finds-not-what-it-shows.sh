#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# systemd 252.39-1~deb12u2. A field may appear more than once in an entry of the journal
# (systemd.journal-fields(7)), MESSAGE as any other. journalctl shows one of the two, and --grep is for entries
# where "the MESSAGE= field matches" (journalctl(1)). One would guess: each output mode shows the same, and it is
# the one that --grep looks at, or either is. Of two, -o short shows the last, -o cat the first (and -o json
# both), and --grep looks at the first alone: it does not find the line that stands on the screen, and finds one
# that does not. Seen:
#
#   two messages, "first" and "second": short: second; cat: first
#   -o short -g second: no entry, exit status 1; -o short -g first: the line "second"
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
version=252.39-1~deb12u2
apt-get download -qq -o APT::Sandbox::User=root "systemd=$version" "systemd-journal-remote=$version" \
	"libsystemd-shared=$version" "libsystemd0=$version" libmicrohttpd12=0.9.75-6 >/dev/null
for package in ./*.deb; do dpkg -x "$package" root; done
LD_LIBRARY_PATH=$dir/root/usr/lib/x86_64-linux-gnu:$dir/root/usr/lib/x86_64-linux-gnu/systemd
export LD_LIBRARY_PATH
printf '%s\n' __REALTIME_TIMESTAMP=1790000000000000 __MONOTONIC_TIMESTAMP=1 \
	_BOOT_ID=0123456789abcdef0123456789abcdef _HOSTNAME=host MESSAGE=first MESSAGE=second PRIORITY=6 '' >entries
root/lib/systemd/systemd-journal-remote -o a.journal entries 2>log
show() {
	root/bin/journalctl --file a.journal -q "$@" 2>>log | sed 's/.*: //' || :
}
missed=0
root/bin/journalctl --file a.journal -q -o short -g second >/dev/null 2>>log || missed=$?
seen="$(show -o short) $(show -o cat), $(show -o short -g first), $(show -o short -g second)"
[ "$seen" = 'second first, second, ' ] && [ $missed = 1 ] &&
	root/bin/journalctl --file a.journal -o json | grep -q '"MESSAGE":\["first","second"\]' && exit 0
echo "it is different now: $seen; exit status $missed"
cat log
exit 1
