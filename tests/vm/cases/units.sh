# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# The units under a real systemd: started, reloaded, hung, killed, upgraded, rebooted and removed, with one
# ssh session open from units/session to units/detach.

units_cases() {
	local name

	for name in start session reload hang kill upgrade reboot detach; do
		echo "units/$name units_$name"
	done
}

# Prints a property of a unit.
unit_has() {
	edge "systemctl show -P $2 $1"
}

units_active() {
	[ "$(edge "systemctl is-active sallyportd sallyport-dp" | tr '\n' ' ')" = "active active " ]
}

# The watchdog begins with READY, however long a start takes: under emulation longer than WatchdogSec.
units_start() {
	local unit

	edge_config dpdk 0
	# Of the units the one whose limit a boot under emulation comes near.
	edge "mkdir -p /etc/systemd/system/sallyport-hold.service.d
		printf '[Service]\nTimeoutStartSec=%d\n' $((15 * SALLYPORT_SLOW)) >/etc/systemd/system/sallyport-hold.service.d/slow.conf
		systemctl daemon-reload"
	edge "systemctl reset-failed; journalctl --rotate -q; systemctl start sallyportd sallyport-dp sallyport-hooks"
	wait_until 20 carried_by dpdk
	for unit in sallyportd sallyport-dp sallyport-hooks; do
		[ "$(unit_has $unit Type)" = notify ]
		[ "$(unit_has $unit ActiveState)" = active ]
		[ "$(unit_has $unit NRestarts)" = 0 ]
		[ "$(unit_has $unit Result)" = success ]
	done
	[ "$(unit_has sallyportd WatchdogUSec)" = 10s ]
	[ "$(unit_has sallyport-dp WatchdogUSec)" = 5s ]
	edge "systemctl stop sallyport-hooks"
	echo "sallyportd was ready $(units_took sallyportd) after its start, sallyport-dp $(units_took sallyport-dp)" \
		>"$VM_RUN/result"
}

# Prints how long the last start of a unit took.
units_took() {
	local begun ready

	begun=$(unit_has "$1" ExecMainStartTimestampMonotonic)
	ready=$(unit_has "$1" ActiveEnterTimestampMonotonic)
	echo "$(((ready - begun) / 1000)) ms"
}

# Something is printed in the session all the time, and goes on.
session_flows() {
	local before

	before=$(stat -c %s "$VM_RUN/session")
	wait_until 30 session_longer "$before" && kill -0 "$(cat "$VM_RUN/session.pid")"
}

session_longer() {
	[ "$(stat -c %s "$VM_RUN/session")" -gt "$1" ]
}

units_session() {
	edge_enable live >"$VM_RUN/port"
	: >"$VM_RUN/session"
	lab_client ssh -o ConnectTimeout=60 -p "$(cat "$VM_RUN/port")" ubuntu@192.0.2.1 top -b -d 0.5 \
		>"$VM_RUN/session" 2>&1 </dev/null &
	echo $! >"$VM_RUN/session.pid"
	session_flows
}

# Prints the linger that build $1 is given, in seconds.
units_linger() {
	edge "sallyport enable $1 --node 10.0.3.200 >/dev/null && sallyport -o json finish $1 && sallyport cancel $1 >/dev/null" |
		jq '(.deadline | fromdate) - (.finished_at | fromdate)'
}

# reload_with SED: `systemctl reload` after a change of the configuration that stands.
reload_with() {
	edge "sed -i '$1' $VM_CONF && systemctl reload sallyportd"
}

units_reload() {
	reload_with '$ a leases: { linger = "7m"; };'
	[ "$(units_linger first)" = 420 ]
	if reload_with 's/linger = "7m"/lingr = "9m"/'; then
		fail "a reload with a mistake succeeds"
	fi
	if reload_with 's/lingr = "7m"/linger = "9m"/; s/lingr/linger/; $ a edge: { name = "other"; };'; then
		fail "a reload of what needs a restart succeeds"
	fi
	[ "$(units_linger second)" = 420 ]
	reload_with '/^edge/ d'
	[ "$(units_linger third)" = 540 ]
	[ "$(unit_has sallyportd NRestarts)" = 0 ]
	session_flows
}

# restarted UNIT TIMES: systemd has started it once more, and it does again.
restarted() {
	[ "$(unit_has "$1" NRestarts)" -gt "$2" ] && units_active && carried_by dpdk
}

# units_signal UNIT SIGNAL: it is replaced after this, and the session does not notice.
units_signal() {
	local before

	before=$(unit_has "$1" NRestarts)
	edge "systemctl kill --kill-who=main -s $2 $1"
	session_flows
	wait_until 60 restarted "$1" "$before"
	session_flows
}

units_hang() {
	units_signal sallyportd STOP
	[ "$(edge "journalctl -b -q -o cat -u sallyportd | grep -c 'Watchdog timeout'")" = 1 ]
	units_signal sallyport-dp STOP
	[ "$(edge "journalctl -b -q -o cat -u sallyport-dp | grep -c 'Watchdog timeout'")" = 1 ]
}

units_kill() {
	units_signal sallyportd KILL
	units_signal sallyport-dp KILL
	[ "$(client ssh "${NIC_SSH[@]}" -p "$(cat "$VM_RUN/port")" ubuntu@192.0.2.1 hostname)" = vm0 ]
}

# units_copying: a copy to the VM begins that is as slow as a long one on a real edge; its end goes to
# $VM_RUN/copying.
units_copying() {
	local port

	port=$(cat "$VM_RUN/port")
	lab_client head -c 20M /dev/urandom >"$(lab_client_home)/up"
	if client scp -q -l $((16000 / SALLYPORT_SLOW)) "${NIC_SSH[@]}" -P "$port" up ubuntu@192.0.2.1:; then
		echo whole
	else
		echo broken
	fi >"$VM_RUN/copying" &
	wait_until 60 test -s "$(lab_vm_home 0)/up"
}

# A newer version is one that differs: here by a byte at the end of each program. A copy begins before and
# goes on after it.
units_upgrade() {
	[ -s "$VM_RUN/port" ] # units/session has left one
	edge "rm -rf /root/new && DESTDIR=/root/new meson install --quiet -C $VM_TREE/build --no-rebuild
		for program in sbin/sallyportd sbin/sallyport-dp bin/sallyport; do
			echo >>/root/new/usr/\$program || exit
		done"
	units_copying
	edge "SALLYPORT_SETTLE=$((15 * SALLYPORT_SLOW)) sallyport-upgrade /root/new"
	[ -s "$VM_RUN/copying" ] || echo "scp went on meanwhile" >"$VM_RUN/result"
	edge "cmp /root/new/usr/sbin/sallyportd /usr/sbin/sallyportd && cmp /root/new/usr/sbin/sallyport-dp /usr/sbin/sallyport-dp"
	units_active
	session_flows
	wait_until 240 test -s "$VM_RUN/copying"
	[ "$(cat "$VM_RUN/copying")" = whole ]
	same_file up
}

# Somebody dials the port all the time; how each attempt ends goes to $VM_RUN/dials.
units_dial() {
	local _

	while [ -e "$VM_RUN/dialling" ]; do
		lab_client nc -nzv -w 2 192.0.2.1 "$1" 2>&1 || :
		read -rt 1 _ <> <(:) || :
	done >"$VM_RUN/dials"
}

# The edge is away for a whole boot: the session waits, as over any line that is cut, and goes on. What arrives
# before sallyportd carries waits for it: at no moment does the edge itself answer, which would end the session.
units_reboot() {
	local boot

	[ -s "$VM_RUN/port" ]
	edge "systemctl enable sallyportd sallyport-dp"
	boot=$(vm_boot_id)
	: >"$VM_RUN/dialling"
	units_dial "$(cat "$VM_RUN/port")" &
	edge "systemctl reboot" || :
	vm_wait "$boot"
	wait_until 60 units_active
	wait_until 30 carried_by dpdk
	[ "$(edge "sallyport -o json show live" | jq -r '.nodes[0].public_port')" = "$(cat "$VM_RUN/port")" ]
	wait_until 150 session_flows
	rm "$VM_RUN/dialling"
	[ "$(unit_has sallyport-hold Result)" = success ]
	if grep refused "$VM_RUN/dials"; then
		fail "the edge itself has answered"
	fi
	edge "curl -s --unix-socket /run/sallyport/api.sock http://edge/metrics" |
		sed -n 's/^sallyport_held_total /packets that waited: /p' >"$VM_RUN/result"
	if grep ': 0$' "$VM_RUN/result"; then
		fail "nothing had to wait"
	fi
	[ "$(client ssh "${NIC_SSH[@]}" -p "$(cat "$VM_RUN/port")" ubuntu@192.0.2.1 hostname)" = vm0 ]
	[ "$(unit_has sallyportd NRestarts)" = 0 ]
	[ "$(unit_has sallyport-dp NRestarts)" = 0 ]
}

# What is left when the daemons are gone: nothing that carries, no program, no pin, no setting.
units_detach() {
	edge "systemctl disable --now sallyportd sallyport-dp && sallyportd -c $VM_CONF --detach"
	[ "$(edge "ip -j link show dev public0" | jq '.[0].xdp')" = null ]
	[ "$(edge "ip -j link show dev builds0" | jq '.[0].xdp')" = null ]
	edge "! ls /sys/fs/bpf/sallyport"
	[ "$(edge "sysctl -n net.ipv4.conf.lo.forwarding")" = 0 ]
	kill "$(cat "$VM_RUN/session.pid")"
}
