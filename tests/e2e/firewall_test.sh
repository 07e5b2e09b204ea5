#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A firewall of the host's own, by the rules that docs/OPERATOR.md gives: sessions go on, whatever it
# says; dead ports explain themselves, and what was connected is reset at the end.
LAB_ENGINE=xdp
LAB_LINGER=2s
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

# rules: prints those of the guide.
rules() {
	# shellcheck disable=SC2016 # backquotes of the guide
	sed -n '/^```nft$/,/^```$/p' "$LAB_SOURCE/../../docs/OPERATOR.md" | grep -v '^```'
}

# A session that says one line, and whose client asks each second whether the other end is still there.
session() {
	(
		result=0
		ssh_to "$port" -o ServerAliveInterval=1 -o ServerAliveCountMax=10 \
			'echo here; exec tail -f /dev/null' >"$LAB_DIR/said" 2>&1 || result=$?
		echo "$result" >"$LAB_DIR/ended"
	) &
	wait_line 20 "$LAB_DIR/said" here
}

begin 1
rules >"$LAB_DIR/rules"
assert_match 'ct state invalid drop' "$LAB_DIR/rules" "the guide's rules"
lab_in edge nft -f "$LAB_DIR/rules"
for loose in 1 0; do
	lab_in edge sysctl -qw "net.netfilter.nf_conntrack_tcp_loose=$loose"
	rm -f "$LAB_DIR/said" "$LAB_DIR/ended"
	put_build "walled$loose" 0
	port=$(node_port 0)
	session
	api POST "/v1/builds/walled$loose/finish"
	daemon_crash control
	wait_until 30 test -s "$LAB_DIR/ended"
	assert_eq 255 "$(cat "$LAB_DIR/ended")" "what ssh ends with"
	assert_match 'reset by peer|closed by remote|Broken pipe' "$LAB_DIR/said" "what ssh says"
	ok "nf_conntrack_tcp_loose=$loose: a session whose time ends is reset, with nobody there to provoke it"
	control_start
	assert_fails "a dial of a dead port" ssh_to "$port" true
	assert_match "^Received disconnect .* ended at " "$LAB_DIR/refused" "what a dead port says"
	ok "nf_conntrack_tcp_loose=$loose: and its port says why"
done
lab_in edge nft insert rule inet filter input tcp dport 64535-65535 drop
put_build through 0
assert_eq vm0 "$(ssh_to "$(node_port 0)" hostname)" "host name"
ok "a rule of the firewall keeps nobody out of a live session"
