#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The status page: by HTTP as somebody hostile asks for it, then in a browser, with 10,000 builds at the end.
LAB_ENGINE=xdp LAB_PORTS=20000-65535 LAB_EXTRA='metrics: { page = true; hosts = [ "edge.example.org" ]; };'
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"
HERE=$(realpath "$(dirname "$0")")

in_edge() {
	nsenter --net="/run/netns/$LAB_NS-edge" "$@"
}

begin 1
put_build page-1 0
node_is() {
	api GET /v1/builds/page-1
	[ "$(answer '.nodes[0].state')" = "$1" ]
}
wait_until 15 node_is ready

in_edge env PAGE_SOCKET="$LAB_SOCKET" PAGE_PID="$(cat "$LAB_DIR/run/control.pid" 2>/dev/null || echo 0)" \
	/usr/bin/python3 "$HERE/page_http.py" || fail "the page by HTTP"

# --- a reload turns it off and on
sed -i 's/page = true; hosts = \[ "edge.example.org" \];/page = false;/' "$LAB_CONFIG"
daemon_signal control HUP
page_says() {
	[ "$(in_edge curl -sS -o /dev/null -w '%{http_code}' http://127.0.0.1:9464/)" = "$1" ]
}
wait_until 10 page_says 404 || fail "the page is there after it was turned off"
sed -i 's/page = false;/page = true;/' "$LAB_CONFIG"
daemon_signal control HUP
wait_until 10 page_says 200 || fail "the page is not there after it was turned on"
ok "a reload turns the page off and on"

if [ ! -x /usr/bin/chromedriver ] || ! /usr/bin/python3 -c 'import selenium' 2>/dev/null; then
	skip "reason: chromium-driver and python3-selenium are not installed"
fi
ssh_to "$(node_port 0)" 'cat' < <(tail -f /dev/null --pid=$$) >/dev/null 2>&1 &
status=0
in_edge env PAGE_SOCKET="$LAB_SOCKET" PAGE_DIR="$LAB_DIR/browser" PAGE_CLIENT="$LAB_CLIENT_ADDRESS" PAGE_SHOTS="${PAGE_SHOTS:-}" \
	HOME="$LAB_DIR" /usr/bin/python3 "$HERE/page_browser.py" || status=$?
[ "$status" != 77 ] || skip "reason: chromium cannot start here"
[ "$status" = 0 ] || fail "the page in a browser"
