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
mount -t tmpfs -o mode=755 tmpfs /run
# Its own etc/, with links to what it lacks, over the whole: a file that is bound over a file is gone when
# somebody renames another over that one, as whoever makes a user does with /etc/passwd. The host's is
# as deep below / as before, so that its links lead where they did.
mount --bind /etc /media
missing=()
for file in /media/*; do
	[ -e "$dir/etc/${file##*/}" ] || missing+=("$file")
done
ln -sf "${missing[@]}" "$dir/etc/"
mount --bind "$dir/etc" /etc
mount --bind "$dir/home" /home
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
