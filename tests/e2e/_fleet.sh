# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: BSD-3-Clause
#
# A second edge beside the lab's, with the same public address on a wire of its own; one member of
# etcd on the builds' bridge; and sallyport-fleet beside each sallyportd. a is the lab's own edge.

ETCD_ADDRESS=10.0.0.9
EDGE_B_BUILDS=10.0.0.2

fleet_possible() {
	command -v etcd >/dev/null && command -v etcdctl >/dev/null ||
		skip "etcd is not installed (etcd-server, etcd-client)"
}

# With these arguments, if there are any.
# shellcheck disable=SC2120
etcd_start() {
	setsid nsenter --net="/run/netns/$LAB_NS-net" setpriv --pdeathsig KILL etcd --name m0 \
		--data-dir "$LAB_DIR/etcd" \
		--listen-client-urls "http://$ETCD_ADDRESS:2379" --advertise-client-urls "http://$ETCD_ADDRESS:2379" \
		--listen-peer-urls "http://$ETCD_ADDRESS:2380" --initial-advertise-peer-urls "http://$ETCD_ADDRESS:2380" \
		--initial-cluster "m0=http://$ETCD_ADDRESS:2380" "$@" >>"$LAB_DIR/log/etcd" 2>&1 </dev/null &
	ETCD_PID=$!
	wait_until 30 etcd_ctl endpoint health
}

etcd_stop() {
	kill -KILL "$ETCD_PID"
	wait "$ETCD_PID" 2>/dev/null || :
}

etcd_ctl() {
	ETCDCTL_API=3 lab_in net etcdctl --endpoints "http://$ETCD_ADDRESS:2379" "$@"
}

etcd_keys() {
	etcd_ctl get --prefix --keys-only /sallyport/
}

# Where edge $1 keeps its files.
edge_dir() {
	if [ "$1" = a ]; then echo "$LAB_DIR"; else echo "$LAB_DIR/b"; fi
}

edge_ns() {
	if [ "$1" = a ]; then echo edge; else echo edge2; fi
}

# The second edge's wires: the client has one to each, and chooses by a route.
edge_b_network() {
	network_namespace edge2
	ip -n "$LAB_NS-client" link add eth1 type veth peer name public netns "$LAB_NS-edge2"
	ip -n "$LAB_NS-net" link add edge2 type veth peer name builds netns "$LAB_NS-edge2"
	ip -n "$LAB_NS-edge2" -batch - <<-EOT
		addr add $LAB_PUBLIC_ADDRESS/24 dev public
		addr add $EDGE_B_BUILDS/16 dev builds
		link set public up
		link set builds up
	EOT
	ip -n "$LAB_NS-client" link set eth1 up
	ip -n "$LAB_NS-net" link set edge2 master br0 up
	ip -n "$LAB_NS-net" addr add "$ETCD_ADDRESS/16" dev br0
	network_end edge2 public
	network_end edge2 builds
	network_end client eth1
	lab_in net ethtool -K edge2 gro on >/dev/null 2>&1
	lab_in client sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0 \
		net.ipv4.conf.eth1.rp_filter=0
}

# via a|b: which edge carries what the client sends.
via() {
	local link=eth0

	[ "$1" = a ] || link=eth1
	ip -n "$LAB_NS-client" route replace "$LAB_PUBLIC_ADDRESS/32" dev "$link" src "$LAB_CLIENT_ADDRESS"
}

edge_config() {
	(
		LAB_NAME=$1
		LAB_EXTRA="${LAB_EXTRA:-} metrics: { ${LAB_METRICS:-listen = \"\";} };
			fleet: { etcd = [ \"http://$ETCD_ADDRESS:2379\" ]; socket = \"$(edge_dir "$1")/run/fleet.sock\";
				edge_ttl = \"3s\"; fence_after = \"6s\"; clock_bound = \"${LAB_CLOCK_BOUND:-0s}\"; ${LAB_FLEET:-} };"
		if [ "$1" = b ]; then
			LAB_BPF_DIR=$LAB_BPF_DIR-b
			LAB_DIR=$LAB_DIR/b
			LAB_SOCKET=$LAB_DIR/run/api.sock
		fi
		config_write
	)
}

# Variables for the programs of edge $1, one a line: a test may have it print some.
edge_variables() {
	:
}

# In edge $1, a program of ours as a child of this shell that ends with it; what it says is kept.
edge_spawn() {
	local edge=$1 name=$2 program=$3
	local variables

	mapfile -t variables < <(edge_variables "$edge")
	setsid nsenter --net="/run/netns/$LAB_NS-$(edge_ns "$edge")" setpriv --pdeathsig KILL \
		env "${variables[@]}" "$SALLYPORT_BUILD/$program" -c "$(edge_dir "$edge")/sallyport.conf" \
		>>"$LAB_DIR/log/$name-$edge" 2>&1 </dev/null &
	echo $! >"$LAB_DIR/$name-$edge.pid"
}

# edge a|b METHOD PATH [BODY]: a call of that edge's sallyportd; fleet: of its fleet. Set ANSWER and STATUS.
call_socket() {
	local out
	local LAB_SOCKET=$1

	shift
	out=$(lab_api "$@")
	STATUS=${out##*$'\n'}
	ANSWER=${out%$'\n'*}
}

edge() {
	call_socket "$(edge_dir "$1")/run/api.sock" "${@:2}"
}

fleet() {
	call_socket "$(edge_dir "$1")/run/fleet.sock" "${@:2}"
}

# fleet_naming a|b METHOD PATH [BODY]: the same, and the edges that have not confirmed it in UNCONFIRMED.
fleet_naming() {
	STATUS=$(curl -sS --max-time 60 --unix-socket "$(edge_dir "$1")/run/fleet.sock" -X "$2" -D "$LAB_DIR/head" \
		-o "$LAB_DIR/body" -w '%{http_code}' ${4+--data-binary "$4"} "http://edge$3")
	ANSWER=$(cat "$LAB_DIR/body")
	UNCONFIRMED=$(sed -n 's/^Sallyport-Unconfirmed: \([^\r]*\).*/\1/p' "$LAB_DIR/head")
}

# remove ID [EDGE]: a DELETE at A.
remove() {
	fleet_naming "${2:-a}" DELETE "/v1/builds/$1"
}

# A call of A's fleet by somebody who may open the socket and has no role.
as_nobody() {
	local out

	out=$(setpriv --reuid=nobody --regid=nogroup --clear-groups \
		curl -sS --max-time 30 --unix-socket "$(edge_dir a)/run/fleet.sock" -X "$1" ${3+--data-binary "$3"} \
		-H 'Content-Type: application/json' -w '\n%{http_code}\n' "http://edge$2")
	STATUS=${out##*$'\n'}
	ANSWER=${out%$'\n'*}
}

edge_up() {
	edge "$1" GET /v1/status && [ "$STATUS" = 200 ]
}

fleet_up() {
	fleet "$1" GET /v1/status && [ "$STATUS" = 200 ] && fleet_says "$1" 'is followed'
}

# edge_has a|b ID STATE: as that edge's sallyportd says.
edge_has() {
	edge "$1" GET "/v1/builds/$2" && [ "$STATUS" = 200 ] && [ "$(answer .state)" = "$3" ]
}

# edge_is a|b EDGE FILTER: what A's or B's fleet says of an edge, by jq.
edge_is() {
	fleet "$1" GET /v1/fleet && [ "$STATUS" = 200 ] &&
		jq -e --arg name "$2" ".edges[] | select(.name == \$name) | $3" <<<"$ANSWER" >/dev/null
}

# is_current a|b true|false: whether this edge has what the store has, as its fleet says.
is_current() {
	fleet "$1" GET /v1/fleet && [ "$STATUS" = 200 ] && [ "$(answer .current)" = "$2" ]
}

# Since its last start.
fleet_says() {
	grep -q -- "$2" "$LAB_DIR/log/fleet-$1"
}

fleet_owes_nothing() {
	[ "$(jq -s 'add | length' "$(edge_dir "$1")/state/fleet-owed.json")" = 0 ]
}

same_deadline() {
	local deadline

	edge a GET "/v1/builds/$1"
	deadline=$(answer .deadline)
	edge b GET "/v1/builds/$1"
	[ "$deadline" != null ] && [ "$deadline" = "$(answer .deadline)" ]
}

fleet_spawn() {
	: >"$LAB_DIR/log/fleet-$1"
	edge_spawn "$1" fleet control/fleet/sallyport-fleet
}

fleet_start() {
	fleet_spawn "$1"
	wait_until 20 fleet_up "$1"
}

fleet_stop() {
	local pid

	pid=$(cat "$LAB_DIR/fleet-$1.pid")
	kill -TERM "$pid"
	wait "$pid" || fail "the fleet of $1 ended with $?"
}

# is_aged FILE SECONDS: it was written so long ago.
is_aged() {
	[ $(($(date +%s) - $(stat -c %Y "$1"))) -ge "$2" ]
}

# idle_begin PORT NAME: an open session in which nobody says a word, with SESSION its pid.
idle_begin() {
	ssh_to "$1" 'echo in; exec cat' < <(tail -f /dev/null --pid=$$) >"$LAB_DIR/idle-$2" 2>/dev/null &
	SESSION=$!
	wait_line 20 "$LAB_DIR/idle-$2" '^in$'
}

# The same, and nobody has said one for longer than it takes a VM to send a SYN-ACK again.
idle_session() {
	idle_begin "$@"
	wait_until 20 is_aged "$LAB_DIR/idle-$2" 5
}

# An open session through a port in which both sides talk, with SESSION its pid.
start_session() {
	ticking_session "$1" 100 &
	SESSION=$!
	wait_line 20 "$LAB_DIR/ticks" '^5 '
}

fleet_begin() {
	local edge

	mkdir -p "$LAB_DIR/b/run" "$LAB_DIR/b/state"
	edge_b_network
	etcd_start
	for edge in a b; do
		edge_config "$edge" >"$(edge_dir "$edge")/sallyport.conf"
		edge_spawn "$edge" control control/sallyportd
		wait_until 20 edge_up "$edge"
		fleet_start "$edge"
	done
}
