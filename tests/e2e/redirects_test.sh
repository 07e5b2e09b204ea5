#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Packets that the XDP program sent on and the other interface does not take: the program says
# "forwarded" and no driver counts them, but status, metric, doctor and log do.
LAB_ENGINE=xdp
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"
# shellcheck source=tests/lab/field.sh
. "$LAB_TOOLS/field.sh"

SERIES='sallyport_redirects_lost_total{interface="builds",reason="unable"}'

begin 1
put_build deaf 0
port=$(node_port 0)
assert_eq vm0 "$(ssh_to "$port" hostname)" "the host name"
assert_eq true "$(field_status '.kernel.redirects.counted')" "whether they are counted"
assert_eq 0 "$(field_status '[.kernel.redirects.lost[][]] | add')" "lost while all is well"
ok "nothing is counted while all is well"

# The other end of builds has neither GRO nor a program now: a veth does not take what is redirected.
lab_in net ethtool -K edge gro off
assert_fails "ssh" ssh_to "$port" -o ConnectTimeout=1 true
wait_until 10 field_counts "$SERIES" 1
assert_ge "$(field_status .kernel.redirects.lost.builds.unable)" 1 "what status has lost"
assert_eq 0 "$(field_status '[.kernel.redirects.lost.public[]] | add')" "of the other interface"
field_status '.kernel.warnings[]' | grep -q '^builds did not take [0-9]* frames .* does not send for XDP' ||
	fail "status does not warn: $(field_status '.kernel.warnings')"
lab_in edge "$(lab_cli_path)" -s "$LAB_SOCKET" doctor "$LAB_CONFIG" >"$LAB_DIR/findings" 2>&1 || :
assert_match 'builds did not take [0-9]+ frames' "$LAB_DIR/findings" "doctor"
assert_match 'Packets are lost behind the XDP program\. what="builds did not take' "$LAB_DIR/log/control" "the log"
ok "status, metric, doctor and log tell of frames that the interface does not take"

lab_in net ethtool -K edge gro on
assert_eq vm0 "$(ssh_to "$port" hostname)" "the host name once it takes them"
ok "with the cause gone it works again"
