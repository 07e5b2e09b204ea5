#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# openssh-client 1:9.2p1-2+deb12u10. `ssh-keygen -R HOST` takes the keys of one host out of known_hosts
# (ssh-keygen(1)); ssh says to run it when a host's key has changed. One would guess: a line that is
# for other hosts too, by a pattern or a list of names, stays, or loses that name.
# The whole line goes, as soon as the name is among those that it matches: the key of every host of the
# pattern is forgotten, though ssh-keygen names only the one. Seen:
#
#   # Host b7.ci.example.org found: line 1
#   # Host b.example.org found: line 1
#   b8.ci.example.org and a.example.org have no key; c.example.org has
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get download -qq -o APT::Sandbox::User=root openssh-client=1:9.2p1-2+deb12u10 >/dev/null
dpkg -x ./*.deb root
keygen=root/usr/bin/ssh-keygen
$keygen -q -t ed25519 -N '' -C '' -f key
key=$(cut -d ' ' -f 1,2 key.pub)
cat >known_hosts <<H
*.ci.example.org $key
a.example.org,b.example.org $key
c.example.org $key
H
for host in b8.ci a c; do
	$keygen -F $host.example.org -f known_hosts >/dev/null || { echo "no key of $host before"; exit 1; }
done
for host in b7.ci b; do $keygen -R $host.example.org -f known_hosts; done >said 2>&1
left=
for host in b8.ci a c; do
	$keygen -F $host.example.org -f known_hosts >/dev/null && left="$left $host"
done
[ "$left" = ' c' ] && [ "$(wc -l <known_hosts)" = 1 ] &&
	grep -q '^# Host b7.ci.example.org found: line 1$' said &&
	grep -q '^# Host b.example.org found: line 1$' said && exit 0
echo "it is different now: left are$left"
cat said known_hosts
exit 1
