#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Bad input of the API installs nothing and is answered by a problem naming the place; a second
# daemon, a missing interface or a missing bpffs is refused in one sentence.
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

# refused STATUS POINTER BODY: a PUT with this body is refused so.
refused() {
	api PUT /v1/builds/bad "$3"
	[[ $STATUS =~ ^$1$ ]] || fail "status of a PUT of ${3:0:80}: expected $1, got $STATUS"
	[ "$2" = - ] || grep -qF "\"$2\"" <<<"$(answer '.errors[].pointer' | sed 's/.*/"&"/')" ||
		fail "no pointer $2 in the answer to ${3:0:80}: $ANSWER"
	answer .title | grep -q . || fail "no title in the answer to ${3:0:80}: $ANSWER"
	api GET /v1/builds/bad
	assert_eq 404 "$STATUS" "status of GET after a refused PUT of ${3:0:80}"
}

# says PATH TEXT METHOD PATH [BODY]: the call is refused, and that member of the answer ends so, or without its point.
says() {
	local member=$1 text=$2

	shift 2
	api "$@"
	[ "$STATUS" = 400 ] || fail "status of $*: $STATUS"
	case $(answer "$member") in
	*"$text") ;;
	*) fail "$*: $(answer "$member") does not end with $text" ;;
	esac
}

bad_bodies() {
	local node='{"index":0,"address":"10.0.3.7","port":22}'

	refused 400 - '{"nodes":['
	refused 400 - 'not json at all'
	refused 400 '' '[]'
	refused 400 /nodes '{"nodes":"many"}'
	refused 400 /nodes/0/port '{"nodes":[{"index":0,"address":"10.0.3.7","port":"22"}]}'
	refused 400 /nodes/0/addres '{"nodes":[{"index":0,"addres":"10.0.3.7"}]}'
	refused 400 /colour "{\"colour\":\"red\",\"nodes\":[$node]}"
	ok "broken JSON, wrong types and unknown fields are 400 and name the place"
	says '.errors[0].detail' 'did you mean "address"?' PUT /v1/builds/bad '{"nodes":[{"index":0,"adress":"10.0.3.7"}]}'
	says '.errors[0].detail' 'did you mean "linger_s"?' PUT /v1/builds/bad "{\"linger\":60,\"nodes\":[$node]}"
	says .detail 'did you mean "client"?' GET '/v1/connections?clinet=192.0.2.1'
	says .detail 'it is empty, where JSON was expected' PUT /v1/builds/bad ''
	says .detail 'a string must not have the character \u0000' PUT /v1/builds/bad '{"title":"a\u0000b"}'
	ok "unknown members and query arguments say what was meant, and nothing speaks of the JSON library"
	refused 422 /nodes/0/address '{"nodes":[{"index":0,"address":"172.16.0.1","port":22}]}'
	refused 4.. /nodes/1/address "{\"nodes\":[$node,{\"index\":1,\"address\":\"10.0.3.7\"}]}"
	ok "addresses outside builds.networks and endpoints twice are refused and named"
}

bad_ids() {
	local id

	for id in "$(printf 'x%.0s' {1..129})" 'a%20b' 'a%2Fb' '%00' 'a%0ab' '..'; do
		lab_api PUT "/v1/builds/$id" "$(build_body 0)" --path-as-is >"$LAB_DIR/id"
		assert_match '^4[0-9][0-9]$' "$LAB_DIR/id" "status of a PUT of build '$id'"
	done
	api PUT "/v1/builds/$(printf 'x%.0s' {1..128})" "$(build_body 0)"
	assert_eq 201 "$STATUS" "status of a PUT of an id of 128 characters"
	api DELETE "/v1/builds/$(printf 'x%.0s' {1..128})"
	ok "ids that are too long or odd are refused, 128 characters are not"
}

bad_requests() {
	head -c 1100000 /dev/zero | tr '\0' ' ' >"$LAB_DIR/big"
	api PUT /v1/builds/bad "@$LAB_DIR/big"
	assert_eq 413 "$STATUS" "status of a PUT of more than 1 MiB"
	api GET /v1/nowhere
	assert_eq 404 "$STATUS" "status of an unknown path"
	api POST /v1/builds/bad/finish '{}'
	assert_eq 404 "$STATUS" "status of finish of an unknown build"
	api PATCH /v1/builds/bad '{}'
	assert_eq 405 "$STATUS" "status of an unknown method"
	ok "a body over 1 MiB, unknown paths, builds and methods are refused"
}

# installed WHAT SLOTS ENDPOINTS: that many slots are not free, in the table itself.
installed() {
	assert_eq "{\"slots\":$2,\"endpoints\":$3}" "$("$LAB_TOOLS/table.py" used "$LAB_BPF_DIR" |
		jq -c .)" "what the table holds after $1"
	api GET /v1/builds
	assert_eq 0 "$(answer '[.builds[] | select(.state != "ended")] | length')" "live builds"
	ok "after $1 nothing is installed"
}

second_daemons() {
	local daemon pid

	for daemon in control dp; do
		pid=$(daemon_pid "$daemon")
		assert_fails "a second $daemon" timeout 15 nsenter --net="/run/netns/$LAB_NS-edge" \
			"$(daemon_path "$daemon")" -c "$LAB_CONFIG"
		assert_match "\b$pid\b" "$LAB_DIR/refused" "the pid of who holds it"
		assert_eq running "$(daemon_state "$daemon")" "the first $daemon"
	done
	put_build after 0
	assert_eq vm0 "$(ssh_to "$(node_port 0)" hostname)" "ssh after the second daemons"
	ok "a second sallyportd and a second sallyport-dp say who holds the place, the first go on"
}

# refuses_to_start WHAT PATTERN: sallyportd ends at once and says why in one line with PATTERN.
refuses_to_start() {
	assert_fails "$1" timeout 15 nsenter --net="/run/netns/$LAB_NS-edge" \
		"$(lab_control_path)" -c "$LAB_CONFIG"
	assert_match "$2" "$LAB_DIR/refused" "$1"
}

missing_things() {
	lab_stop
	LAB_PUBLIC_INTERFACE=nosuch0 config_write >"$LAB_CONFIG"
	refuses_to_start "a missing interface" nosuch0
	LAB_PUBLIC_INTERFACE=public LAB_BPF_DIR=$LAB_DIR/nobpf config_write >"$LAB_CONFIG"
	refuses_to_start "a bpf_dir that is not on bpffs" nobpf
	config_write >"$LAB_CONFIG"
	assert_fails "sallyportd without privileges" timeout 15 \
		nsenter --net="/run/netns/$LAB_NS-edge" \
		setpriv --bounding-set=-all --inh-caps=-all "$(lab_control_path)" -c "$LAB_CONFIG"
	assert_match 'CAP_|capabilit|permitted|privilege' "$LAB_DIR/refused" "missing capabilities"
	rm -rf "$LAB_BPF_DIR"
	assert_fails "sallyport-dp without a table" timeout 15 \
		nsenter --net="/run/netns/$LAB_NS-edge" "$(lab_dp_path)" -c "$LAB_CONFIG"
	assert_match 'sallyportd|table|meta' "$LAB_DIR/refused" "what sallyport-dp misses"
	ok "a missing interface, bpffs, capability or table is said in words"
}

begin 1
put_build seen 0
installed_by_one=$("$LAB_TOOLS/table.py" used "$LAB_BPF_DIR" | jq -c .)
assert_eq '{"slots":1,"endpoints":1}' "$installed_by_one" "what the table holds for one build"
api DELETE /v1/builds/seen
bad_bodies
installed "bad bodies" 1 1
bad_requests
installed "bad requests" 1 1
bad_ids
installed "bad ids, and one good one" 2 1
second_daemons
missing_things
