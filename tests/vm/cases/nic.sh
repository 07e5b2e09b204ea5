# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# Each model of NIC under each engine: ssh and a copy each way come through, or `sallyportd --check --host`
# said before that they will not. Never a silent failure, never a false alarm.

# The client's ssh options, for an edge that is slow.
NIC_SSH=(-o ConnectTimeout=60 -o ServerAliveInterval=20 -o ServerAliveCountMax=9)

# Runs a command as the client, in time.
client() {
	lab_client timeout $((${VM_LIMIT:-120} * SALLYPORT_SLOW)) "$@"
}

# edge_config ENGINE PAIR [VLANS]: puts the edge onto a pair of NICs with an engine; nothing runs afterwards.
edge_config() {
	edge "systemctl stop sallyportd sallyport-dp; sallyportd -c $VM_CONF --detach"
	edge "FAILOVER=${FAILOVER:-1s} $VM_TREE/tests/vm/edge-config.sh $*"
}

# Starts what an engine needs.
edge_start() {
	edge "systemctl start sallyportd" || return
	[ "$1" = xdp ] || edge "systemctl start sallyport-dp"
}

carried_by() {
	[ "$(edge "sallyport -o json status" | jq -r .carrying)" = "$1" ]
}

# It has carried a good part of the copies, and not the other beside it all; the edge was begun anew.
copies_carried_by() {
	[ "$(edge "sallyport -o json status" | jq --arg it "$1" '.engines[$it].bytes | .to_vm + .to_client')" -gt \
		$(($(numfmt --from=iec "$VM_COPY") / 2)) ]
}

# Declares build $1 with the lab's VM, and prints its port.
edge_enable() {
	edge "sallyport enable $1 --node 10.0.3.7 --user ubuntu" | grep -oE 'ssh -p [0-9]+' | sed -n '1s/.* //p'
}

# same_file NAME: what the client has and what the VM has is the same.
same_file() {
	cmp "$(lab_client_home)/$1" "$(lab_vm_home 0)/$1"
}

# nic_copies PORT: the copies each way, and how long they took.
nic_copies() {
	local up=$SECONDS down

	lab_client head -c "$VM_COPY" /dev/urandom >"$(lab_client_home)/up"
	client scp -q "${NIC_SSH[@]}" -P "$1" up ubuntu@192.0.2.1:
	same_file up
	up=$((SECONDS - up)) down=$SECONDS
	mv "$(lab_vm_home 0)/up" "$(lab_vm_home 0)/down"
	client scp -q "${NIC_SSH[@]}" -P "$1" ubuntu@192.0.2.1:down .
	same_file down
	echo "$VM_COPY up in $up s and down in $((SECONDS - down)) s" >"$VM_RUN/copied"
}

# nic_works BUILD ENGINE: starts, logs in, copies; ends the shell at what does not.
nic_works() {
	local port

	edge_start "$2"
	wait_until 20 carried_by "$2"
	port=$(edge_enable "$1")
	[ "$(client ssh "${NIC_SSH[@]}" -p "$port" ubuntu@192.0.2.1 hostname)" = vm0 ]
	nic_copies "$port"
	copies_carried_by "$2"
}

nic_modes() {
	edge "sallyport -o json status" | jq -r '[.. | .mode? // empty] | unique | join("+")'
}

nic_case() {
	edge_config "$3" "$2"
	edge_works_or_says "nic-$2-$3" "$2" "$3"
}

# edge_works_or_says BUILD PAIR ENGINE: what is configured works, or was said not to.
edge_works_or_says() {
	local works

	edge "sallyportd --check --host $VM_CONF" >"$VM_RUN/check" || echo "exit status $?"
	cat "$VM_RUN/check"
	grep -E '^(refuse|silent) ' "$VM_RUN/check" >"$VM_RUN/told" || :
	# In a condition bash would go on after what fails.
	set +e
	(
		set -e
		nic_works "$1" "$3"
	)
	works=$?
	set -e
	edge "ethtool -i public$2 | head -n 1; sallyport status; sallyport cancel $1" || :
	if [ $works = 0 ] && [ ! -s "$VM_RUN/told" ]; then
		echo "works, $(nic_modes), $(cat "$VM_RUN/copied")" >"$VM_RUN/result"
	elif [ $works = 0 ]; then
		fail "works, though it was told: $(cat "$VM_RUN/told")"
	elif [ -s "$VM_RUN/told" ]; then
		echo "was told: $(head -n 1 "$VM_RUN/told")" >"$VM_RUN/result"
	else
		fail "does not work, and nothing was said"
	fi
}
