#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The packets of a session go through sallyport-dp, and without it none do.
LAB_FALLBACK=none LAB_FAILOVER=1s
# shellcheck disable=SC2034
TEST_ALONE=1
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

# Prints how many packets the VM's counting rules saw, both ways.
vm_packets() {
	lab_in vm0 nft -j list counters | jq '[.nftables[].counter? // empty | .packets] | add'
}

begin 1
put_build counted 0
port=$(node_port 0)

lab_in vm0 nft -f - <<-EOT
	table inet count {
		counter sshd_in { }
		counter sshd_out { }
		chain in {
			type filter hook input priority 0
			ip saddr $LAB_CLIENT_ADDRESS tcp dport 22 counter name sshd_in
		}
		chain out {
			type filter hook output priority 0
			ip daddr $LAB_CLIENT_ADDRESS tcp sport 22 counter name sshd_out
		}
	}
EOT

assert_eq 0 "$(lab_in edge sysctl -n net.ipv4.ip_forward)" "ip_forward of the edge"
assert_eq "" "$(lab_in edge nft list ruleset)" "nft rules of the edge"
assert_eq vm0 "$(ssh_to "$port" hostname)" "the host name that ssh reaches"
head -c 4M /dev/zero | ssh_to "$port" "cat >/dev/null"
seen=$(vm_packets)
assert_ge "$seen" 100 "packets at the VM's sshd"
ok "ssh works with nothing but sallyport in the edge"

# The VM's last packet may be on its way to the worker still.
status_counts() {
	api GET /v1/status
	counted=$(answer '.engines.dpdk.packets')
	[ "$counted" -ge "$1" ]
}
wait_until 2 status_counts "$seen" ||
	fail "status counts $counted packets, the VM saw $seen"
api GET /v1/status
assert_eq 0 "$(answer '.engines.xdp.packets')" "packets carried by the XDP engine"
ok "status counts $counted packets through DPDK, the VM's sshd saw $seen"

# bytes: what the one build was charged with, and what the engines count, both ways.
bytes() {
	api GET /v1/builds/counted
	usage=$(answer '[.nodes[].usage | .to_vm.bytes, .to_client.bytes] | join(" ")')
	api GET /v1/status
	carried=$(answer '.engines | [.xdp, .dpdk] | [(map(.bytes.to_vm) | add), (map(.bytes.to_client) | add)] | join(" ")')
}
bytes_agree() {
	bytes
	[ "$usage" = "$carried" ]
}
wait_until 5 bytes_agree || fail "bytes to VMs and to clients: the build's are $usage, the engines' $carried"
assert_ge "${carried% *}" "$((4 << 20))" "bytes to the VM"
assert_ge "${carried#* }" 1000 "bytes to the client"
lab_in edge curl -sS --fail --unix-socket "$LAB_SOCKET" http://edge/metrics >"$LAB_DIR/metrics"
assert_match "^sallyport_bytes_total\{engine=\"dpdk\",direction=\"to_vm\"\} ${carried% *}\$" "$LAB_DIR/metrics" "the metric"
sallyport status | tr -d "'" >"$LAB_DIR/status"
assert_match "^carried +${carried% *} bytes to VMs, ${carried#* } to clients\$" "$LAB_DIR/status" "status"
ok "metric, status and the build's usage agree on $carried bytes to the VM and to the client"
bytes_before=$carried

daemon_stop dp
before=$(vm_packets)
assert_fails "ssh without sallyport-dp" ssh_to "$port" true
assert_eq "$before" "$(vm_packets)" "packets at the VM without sallyport-dp"
ok "with sallyport-dp stopped and no fallback the same ssh fails"

# switched_to "ENGINE BEFORE: WHY": the latest such event says so.
switched_to() {
	api GET '/v1/events?since=0&follow=false'
	[ "$(jq -rs 'map(select(.type == "engine.switched"))[-1] | "\(.detail) \(.before): \(.why)"' <<<"$ANSWER")" = "$1" ]
}
wait_until 5 switched_to "none dpdk: sallyport-dp was stopped" || fail "events: $ANSWER"

dp_start
assert_eq vm0 "$(ssh_to "$port" hostname)" "the host name after the restart"
ok "with sallyport-dp back it works again"
wait_until 5 switched_to "dpdk none: sallyport-dp has started, process $(daemon_pid dp)" || fail "events: $ANSWER"
assert_match 'Another engine carries .*detail="none, after dpdk: sallyport-dp was stopped"' "$LAB_DIR/log/control" "the log"
ok "both switches are events, with the reason"

daemon_stop control
daemon_stop dp
control_start
wait_until 5 switched_to "none dpdk: sallyport-dp was stopped" || fail "events: $ANSWER"
ok "a switch while sallyportd was away is an event once it is back"
dp_start
bytes_grew() {
	bytes
	[ "${carried% *}" -gt "${bytes_before% *}" ] && [ "$usage" = "$carried" ]
}
assert_eq vm0 "$(ssh_to "$port" hostname)" "the host name after both were restarted"
wait_until 5 bytes_grew || fail "bytes were $bytes_before, are $carried; the build's $usage"
ok "bytes go on over restarts of both daemons"

# The same in hugepages, if this machine has memory in one piece for them.
huge_in_use() {
	awk '/^HugePages_Total/ { total = $2 } /^HugePages_Free/ { print total - $2 }' /proc/meminfo
}

hugepages_raise 512
used=$(huge_in_use)
if [ "$(cat /proc/sys/vm/nr_hugepages)" -lt 512 ]; then
	ok "hugepages # skip no memory in one piece for 512 of them"
	exit 0
fi
hugepages_back() {
	[ "$(huge_in_use)" -le "$used" ]
}

daemon_stop dp
LAB_HUGEPAGES=true
config_write >"$LAB_CONFIG"
dp_start
tail -n1 "$LAB_DIR/log/dp" >"$LAB_DIR/started"
assert_match 'hugepages=true' "$LAB_DIR/started" "how sallyport-dp says it started"
assert_eq vm0 "$(ssh_to "$port" hostname)" "the host name with hugepages"
daemon_stop dp
# The kernel gives the memory of AF_XDP sockets back some time after their end.
wait_until 10 hugepages_back
ok "it starts with hugepages as well, and gives them back"
