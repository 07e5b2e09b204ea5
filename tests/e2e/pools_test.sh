#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A second public address is a pool of its own, with port 443 alone: who asks for it is reached there.
LAB_ENGINE=xdp
# shellcheck disable=SC2034
LAB_ADDRESSES=', { bind = "192.0.2.7"; pool = "https"; ports = [ "443" ]; }'
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

need_programs
lab_begin 2
lab_in edge ip addr add 192.0.2.7/24 dev public
control_start

sallyport enable web --pool https --node "$(lab_vm_address 0)" --user ubuntu >"$LAB_DIR/out"
assert_match '^    ssh -p 443 -o HostKeyAlias=web-0 ubuntu@192\.0\.2\.7$' "$LAB_DIR/out" "the section"
assert_eq vm0 "$(lab_client ssh "${SSH_OPTIONS[@]}" -p 443 ubuntu@192.0.2.7 hostname)" "host behind 443"
ok "a build that asks for the pool https is reached at port 443"

api PUT /v1/builds/usual '{"nodes":[{"index":0,"address":"10.0.3.8","port":22}]}'
assert_eq '201 192.0.2.1 default' "$STATUS $(answer '.nodes[0] | "\(.public_host) \(.pool)"')" \
	"the public address of a build that names no pool"
api PUT /v1/builds/full '{"nodes":[{"index":0,"pool":"https"}]}'
assert_eq 503 "$STATUS" "status of a PUT to a full pool"
grep -q 'pool https' <<<"$ANSWER" || fail "the refusal does not name the pool: $ANSWER"
api PUT /v1/builds/wrong '{"nodes":[{"index":0,"pool":"smtp"}]}'
assert_eq '400 /nodes/0/pool' "$STATUS $(answer '.errors[0].pointer')" "an unknown pool"
api POST /v1/sync '{"builds":[{"id":"web","nodes":[{"index":0,"pool":"https"}]},
	{"id":"wrong","nodes":[{"index":0,"pool":"smtp"}]}]}'
assert_eq '400 /builds/1/nodes/0/pool' "$STATUS $(answer '.errors[0].pointer')" \
	"an unknown pool in a sync"
ok "no pool is default, and a full or unknown one is named"

api GET /v1/pools
assert_eq 'default 1000 https 0' "$(answer '[.pools[] | "\(.pool) \(.free)"] | join(" ")')" "pools"
sallyport pools | grep -Eq '^https +192\.0\.2\.7 ' || fail "sallyport pools does not name the pool"
api GET '/v1/events?follow=0'
grep -q '"type":"pool.low".*"pool":"https"' <<<"$ANSWER" || fail "no event says which pool is low: $ANSWER"
api GET /metrics
grep -q 'pool="https",state="used"} 1$' <<<"$ANSWER" || fail "no metric names the pool"
ok "GET /v1/pools, the CLI, pool.low and the metrics know its name"

daemon_stop control
control_start
assert_eq vm0 "$(lab_client ssh "${SSH_OPTIONS[@]}" -p 443 ubuntu@192.0.2.7 hostname)" "host after a restart"
ok "the port stays across a restart"

# An address that leaves the configuration takes the way in with it, and nothing else.
daemon_stop control
LAB_ADDRESSES='' config_write >"$LAB_CONFIG"
control_start
api GET /v1/builds/web/diagnose
assert_eq 200 "$STATUS" "status of diagnose"
api GET /v1/builds/web
assert_eq 200 "$STATUS" "status of the build whose address is gone"
# Use is looked at every 5 s, and neighbours of builds meanwhile.
seen=$(now_ns)
looked_often() {
	[ $(($(now_ns) - seen)) -ge 6000000000 ]
}
wait_until 10 looked_often
api DELETE /v1/builds/web
assert_eq 204 "$STATUS" "status of its end"
api GET /v1/builds/usual
assert_eq running "$(answer .state)" "state of a build on the address that is left"
ok "sallyportd goes on without an address that a build had"
