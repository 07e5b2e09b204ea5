#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# etcd-server 3.4.23-4+b4. A transaction compares a key that does not exist. Its version, create_revision
# and mod_revision count as 0, so that all of "version != 5", "version < 5" and "version = 0" are
# true. One would guess of its value: empty likewise, or at least not equal to "x", so that "value !=
# x" is true; the comments of rpc.proto have no word on a missing one.
# Each comparison of the value is false, and so is its opposite: neither "= x" nor "!= x" holds. "Unless
# somebody else holds it, take it" never takes a free one. Seen:
#
#   VERSION NOT_EQUAL true, VERSION LESS true; VALUE EQUAL, NOT_EQUAL, LESS, GREATER: none;
#   once the key is there, empty: VALUE NOT_EQUAL true, LESS true
set -eu
dir=$(mktemp -d)
etcd=
trap 'kill $etcd 2>/dev/null || :; wait; rm -rf "$dir"' EXIT
cd "$dir"
apt-get download -qq -o APT::Sandbox::User=root etcd-server=3.4.23-4+b4 >/dev/null
dpkg -x ./*.deb root
# The sockets are files here, named "api:1" and "peer:1".
root/usr/bin/etcd --listen-client-urls unix://api:1 --advertise-client-urls unix://api:1 \
	--listen-peer-urls unix://peer:1 --initial-advertise-peer-urls unix://peer:1 \
	--initial-cluster default=unix://peer:1 >log 2>&1 &
etcd=$!
ask() {
	curl -sS -m 10 --unix-socket api:1 "http://etcd$1" ${2+-d "$2"}
}
tries=0
until ask /health 2>/dev/null | grep -q true || [ $tries = 300 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
# holds WHAT RESULT: the key "a" compared with version 5, or with the value "x".
holds() {
	case $1 in VERSION) with='"version": "5"' ;; VALUE) with='"value": "eA=="' ;; esac
	answer=$(ask /v3/kv/txn "{\"compare\": [{\"key\": \"YQ==\", \"target\": \"$1\", \"result\": \"$2\", $with}]}")
	case "$answer" in *'"succeeded":true'*) printf ' %s-%s' "$1" "$2" ;; *revision*) ;; *) printf ' ?' ;; esac
}
values() {
	for result in EQUAL NOT_EQUAL LESS GREATER; do holds VALUE $result; done
}
missing=$(holds VERSION NOT_EQUAL; holds VERSION LESS; values)
ask /v3/kv/put '{"key": "YQ=="}' >/dev/null
empty=$(values)
[ "$missing" = ' VERSION-NOT_EQUAL VERSION-LESS' ] && [ "$empty" = ' VALUE-NOT_EQUAL VALUE-LESS' ] && exit 0
echo "it is different now: missing:$missing, empty:$empty"
tail -n 3 log
exit 1
