#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The screens of sallyport top in docs/OPERATOR.md, as a terminal of 80x24 shows them: in a lab with a
# handful of builds, somebody logged in and somebody turned away. They are not compared with anything,
# since times and rates are in them.
#
#	top_screen.sh            print the page with new screens
#	top_screen.sh --write    write it
LAB_ENGINE=xdp
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/../e2e/_init.sh"

page=$(cd "$(dirname "$0")/../.." && pwd)/docs/OPERATOR.md

tm() {
	TMUX='' tmux -f /dev/null -S "$LAB_DIR/tmux" "$@"
}

at_exit() {
	if tm has-session 2>/dev/null; then
		tm kill-server
	fi
}

screen() {
	tm capture-pane -p | sed -e "s/$LAB_NS/edge1/" -e 's/[[:space:]]*$//'
}

screen_has() {
	screen | grep -qE -- "$1"
}

builds() {
	local i=0 name

	for name in api-48121 api-48122 web-9077 web-9078 ios-311 docs-12 api-48125 ml-5501; do
		sallyport enable "$name" --node "10.0.3.$((20 + i))" --user ubuntu \
			--max-lifetime "$((1 + i * 7 % 5))h" >/dev/null
		i=$((i + 1))
	done
	sallyport enable api-48119 --node 10.0.3.7 --user ubuntu --allow 192.0.2.2 >/dev/null
	sallyport enable web-9070 --node 10.0.3.8 --user ubuntu --allow 198.51.100.0/24 >/dev/null
	sallyport finish api-48119 >/dev/null
	sallyport finish web-9070 >/dev/null
	sallyport enable ios-320 --node - >/dev/null
}

port_of() {
	sallyport -ojson show "$1" | jq -r '.nodes[0].public_port'
}

# screens: both, each behind the line that names it.
screens() {
	tm new-session -d -x 80 -y 24 \
		"LC_ALL=C.UTF-8 TZ=UTC SALLYPORT_SOCKET='$LAB_SOCKET' TERM=screen '$(lab_cli_path)' top"
	wait_until 20 screen_has '^api-48119 .* [0-9]+ +[0-9.]+k +1$'
	wait_until 20 screen_has 'not_allowed'
	echo list
	screen
	tm send-keys /
	tm send-keys -l 48119
	tm send-keys Enter Enter
	wait_until 20 screen_has 'connected: '
	echo build
	screen
}

# renew NAME: the page on stdin with that screen from $LAB_DIR/screens.
renew() {
	awk -v name="$1" -v from="$LAB_DIR/screens" '
		$0 == "<!-- top: " name " -->" {
			print; print "```text"
			while ((getline line <from) > 0) {
				if (line == "list" || line == "build") { on = line == name; continue }
				if (on) print line
			}
			print "```"; skip = 1; next
		}
		$0 == "<!-- end of top: " name " -->" { skip = 0 }
		!skip'
}

need_programs
lab_begin 2
control_start
builds
ticking_session "$(port_of api-48119)" 20 &
assert_fails "a client that is not allowed" lab_client timeout 5 ssh "${SSH_OPTIONS[@]}" \
	-p "$(port_of web-9070)" "ubuntu@$LAB_PUBLIC_ADDRESS" true
screens >"$LAB_DIR/screens"
sallyport cancel api-48119 >"$LAB_DIR/out"
renew list <"$page" | renew build >"$LAB_DIR/page"
if [ "${1:-}" = --write ]; then
	cp "$LAB_DIR/page" "$page"
else
	cat "$LAB_DIR/page"
fi
