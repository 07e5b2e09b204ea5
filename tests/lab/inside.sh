#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What a machine of the lab does first, inside its own network, mount, UTS and process namespaces:
#   inside.sh client|vm NAME DIR [SSHD]
# DIR holds the machine's own etc/ and home/, SSHD another sshd's usr/. Nothing mounted here is seen
# outside.
set -euo pipefail
kind=$1 name=$2 dir=$3 sshd=${4:-}

hostname "${name#*-}"
for file in passwd group shadow; do
	mount --bind "$dir/etc/$file" "/etc/$file"
done
mount --bind "$dir/etc/ssh" /etc/ssh
mount --bind "$dir/home" /home
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=1777 tmpfs /tmp
mkdir -p /run/sshd

if [ "$kind" = vm ]; then
	# Since 9.8 sshd runs a program of its own for each session, which it has there.
	if [ -n "$sshd" ]; then
		mount --bind "$sshd/usr/lib/openssh" /usr/lib/openssh
		mount --bind "$sshd/usr/sbin/sshd" /usr/sbin/sshd
	fi
	exec /usr/sbin/sshd -D -e
fi
echo ready
exec tail -f /dev/null
