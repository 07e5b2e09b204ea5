#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# etcd-server 3.4.23-4+b4, JSON gateway. Parsers of JSON for protobuf are to refuse unknown fields unless
# told otherwise (protobuf.dev, ProtoJSON Format), and this one does refuse an unknown name of an enum
# with 400. One would guess: a transaction whose member "compare" is misspelt, or one with a member
# that only a newer etcd knows, is refused as well.
# The member is left out without a word, and what is left is a transaction without a condition, which
# always succeeds: "create this key if there is none" writes over the one that is there. Seen:
#
#   "compare":  no "succeeded", the value is still "one"
#   "compares": "succeeded":true, the value is "two"; both 200
#   a target "CREATED": 400
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
	curl -sS -m 10 -w ' %{http_code}\n' --unix-socket api:1 "http://etcd$1" ${2+-d "$2"}
}
tries=0
until ask /health 2>/dev/null | grep -q true || [ $tries = 300 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
create() {
	ask /v3/kv/txn "{\"$1\": [{\"key\": \"YQ==\", \"target\": \"$2\", \"create_revision\": \"0\"}],
		\"success\": [{\"request_put\": {\"key\": \"YQ==\", \"value\": \"dHdv\"}}]}"
}
value() {
	ask /v3/kv/range '{"key": "YQ=="}' | sed -n 's/.*"value":"\([^"]*\)".*/\1/p'
}
ask /v3/kv/put '{"key": "YQ==", "value": "b25l"}' >said
right=$(create compare CREATE) held=$(value)
wrong=$(create compares CREATE) lost=$(value)
named=$(create compare CREATED)
case "$right" in *succeeded* | *[!0-9]400) ;; *200)
	case "$wrong" in *'"succeeded":true'*200)
		case "$named" in *400) [ "$held $lost" = 'b25l dHdv' ] && exit 0 ;; esac ;;
	esac ;;
esac
echo "it is different now"
printf '%s\n' "$right" "$held" "$wrong" "$lost" "$named"
tail -n 3 log
exit 1
