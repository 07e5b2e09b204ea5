#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Packets lie in the sockets of a sallyport-dp that does not run while their session ends. Their port
# is nobody else's before it has run on and judged them: none reaches the next session's VM.
# shellcheck disable=SC2034
LAB_QUARANTINE=0s LAB_PORTS=64500-64500 LAB_FAILOVER=10s
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

PARKED=30

# client_sends COUNT: segments to the one port.
client_sends() {
	lab_in client "$LAB_TOOLS/send.py" eth0 "$LAB_PUBLIC_ADDRESS" tcp \
		"$LAB_CLIENT_ADDRESS:41998" "$LAB_PUBLIC_ADDRESS:64500" A "$1" >/dev/null
}

steered() {
	api GET /v1/status
	[ "$(answer .verdicts.steered)" -ge "$1" ]
}

second_has_the_port() {
	api PUT /v1/builds/second "$(build_body 1)"
	[ "$STATUS" = 201 ]
}

begin 2
put_build first 0
capture_start vm0 vm0 eth0 "tcp and src port 41998"
capture_start vm1 vm1 eth0 "tcp and src port 41998"
client_sends 1
wait_until 10 pcap_has vm0 1
api GET /v1/status
before=$(answer .verdicts.steered)

daemon_signal dp STOP
client_sends "$PARKED"
wait_until 10 steered $((before + PARKED))
ok "$PARKED packets lie in the socket of a sallyport-dp that is stopped"
api DELETE /v1/builds/first
case $STATUS in
204 | 503) ok "their session is cancelled: $STATUS" ;;
*) fail "DELETE: $STATUS $ANSWER" ;;
esac
api PUT /v1/builds/second "$(build_body 1)"
assert_eq 503 "$STATUS" "PUT of another build while they lie there"
assert_eq no-ports "$(answer .type | sed 's,.*:,,')" "what it says"
ok "the port is not given to another build meanwhile"

daemon_signal dp CONT
wait_until 10 second_has_the_port
ok "it is once sallyport-dp has run on"
client_sends 1
wait_until 10 pcap_has vm1 1
capture_stop vm1
capture_stop vm0
assert_eq 1 "$(pcap count vm1)" "packets at the second build's VM"
assert_eq 1 "$(pcap count vm0)" "packets at the first build's VM"
ok "none of them reached the next VM, nor the first one after its end"
