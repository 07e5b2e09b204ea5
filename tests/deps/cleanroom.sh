#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What somebody new sees: a Debian 12 or 13 without our packages, a clean clone of what is committed here,
# and one command in it (default .ci/run). Its processes, mounts, files and BPF pins are its own; the
# kernel and the network are this machine's. Needs root, debootstrap and a package mirror.
#
#	cleanroom.sh [COMMAND…]
#
# CLEANROOM_SUITE is bookworm (12, if not given) or trixie (13). CLEANROOM_ROOT keeps the installation
# in a directory of that name, to be used again.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
top=$(git -C "$here" rev-parse --show-toplevel)
root=${CLEANROOM_ROOT:-}
suite=${CLEANROOM_SUITE:-bookworm}

[ "$(id -u)" -eq 0 ] || {
	echo "cleanroom: it mounts and changes root, so it needs root" >&2
	exit 1
}
if [ -z "$root" ]; then
	root=$(mktemp -d)
	trap 'rm -rf --one-file-system "$root"' EXIT
fi
[ -x "$root/usr/bin/apt-get" ] || debootstrap --variant=minbase "$suite" "$root"
cp -L /etc/resolv.conf "$root/etc/resolv.conf"

rm -rf "$root/root/clone"
git clone -q --no-local "$top" "$root/root/clone"
[ $# -gt 0 ] || set -- .ci/run
printf 'cd /root/clone && exec%s\n' "$(printf ' %q' "$@")" >"$root/root/command"

# shellcheck disable=SC2016
unshare --mount --pid --fork --kill-child --propagation private bash -euc '
	root=$1
	mount --bind "$root" "$root"
	mount --rbind /dev "$root/dev"
	mount -t tmpfs shm "$root/dev/shm"
	mount -t proc proc "$root/proc"
	mount -t sysfs sys "$root/sys"
	mount -t bpf bpf "$root/sys/fs/bpf"
	mount -t tmpfs run "$root/run"
	mkdir -p "$root/outside"
	cd "$root"
	pivot_root . outside
	umount -l /outside
	exec /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
		LANG=C.UTF-8 sh /root/command
' cleanroom "$root" </dev/null
