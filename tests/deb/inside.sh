#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The edge becomes a Debian of its own, in its own mount, process and UTS namespaces and in the lab's edge
# network: inside.sh ROOT. Nothing mounted here is seen outside.
set -euo pipefail
root=$1

hostname edge
mount --bind "$root" "$root"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
mount -t proc proc "$root/proc"
mount -t sysfs sys "$root/sys"
mount -t bpf bpf "$root/sys/fs/bpf"
mount -t tmpfs -o mode=755 run "$root/run"
mkdir -p "$root/run/systemd/system" "$root/outside"
cd "$root"
pivot_root . outside
umount -l /outside
rmdir /outside
echo ready
exec tail -f /dev/null
