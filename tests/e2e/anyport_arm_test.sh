#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# One port for both sides, with one exception interface: client and VMs are on one network. What the
# check says of two sides that are not alike.
TEST_TIMEOUT=120
LAB_EXTRA_PUBLIC='port = "net_af_packet0,iface=wire0";'
LAB_EXTRA_BUILDS=$LAB_EXTRA_PUBLIC
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"
# shellcheck source=tests/lab/anyport.sh
. "$LAB_TOOLS/anyport.sh"
# shellcheck source=tests/lab/field.sh
. "$LAB_TOOLS/field.sh"
# shellcheck source=tests/e2e/_anyport.sh
. "$(dirname "$0")/_anyport.sh"

# unlike WHAT SED PATTERN: the check refuses a file so changed, and names the key.
unlike() {
	sed -E "$2" "$LAB_CONFIG" >"$LAB_DIR/bad.conf"
	assert_fails "$1" "$(lab_control_path)" --check "$LAB_DIR/bad.conf"
	assert_match "bad.conf:[0-9]+: $3" "$LAB_DIR/refused" "$1"
}

anyport_needs af_packet
lab_begin 1
anyport_one_arm
unlike "a port of one side alone" '/^\tpublic:|^public:/,/}/s/port = [^;]*;//' \
	'builds.port: both sides are public, with one port for both'
unlike "one port for two interfaces" '/builds: /,/}/s/interface = "public"/interface = "builds"/' \
	'builds.port: is the device of public.port'
ok "two sides that are not alike are refused"
lab_start
wait_until 10 anyport_has_links || fail "sallyport-dp does not carry: $(field_status .warnings)"
anyport_own
anyport_carries
anyport_session
anyport_crash
anyport_ends
