#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# One public ip:port, reused by builds whose VMs have different host keys: five ways to log in with
# StrictHostKeyChecking=yes, without a prompt or an alarm; and the plain way that does alarm. And one id,
# used by two builds after each other.
LAB_PORTS=64535 LAB_QUARANTINE=1s
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

PORT=64535

# next_build VM: the port's next build, over that VM, with its host key declared. Sets ID.
next_build() {
	local key

	[ -z "${ID:-}" ] || api DELETE "/v1/builds/$ID"
	ID=build-$((NR += 1))
	key=$(cut -d' ' -f1,2 "$(machine_dir "vm$1")/etc/ssh/ssh_host_ed25519_key.pub")
	wait_until 10 declared "$(build_body "$1" | jq -c --arg key "$key" '.nodes[0].host_keys = [$key]')"
	assert_eq $PORT "$(node_port 0)" "the port of $ID"
}

# The port rests for the quarantine first.
declared() {
	api PUT "/v1/builds/$ID" "$1"
	[ "$STATUS" = 201 ]
}

# logs_in VM WHAT SSH-ARGUMENT…: strictly, never asking, to the right VM.
logs_in() {
	local vm=$1 what=$2

	shift 2
	lab_client ssh -o StrictHostKeyChecking=yes -o UpdateHostKeys=no "$@" hostname \
		>"$LAB_DIR/out" 2>&1 || fail "$what, build $ID: $(cat "$LAB_DIR/out")"
	assert_eq "vm$vm" "$(cat "$LAB_DIR/out")" "$what, build $ID: host name"
}

# What `connect` gives, as a file in the user's home.
connect_file() {
	sallyport connect "$ID" --format "$1" >"$home/$2"
	chown 1000:1000 "$home/$2"
}

target=(-p "$PORT" "ubuntu@$LAB_PUBLIC_ADDRESS")

# 1: the known_hosts lines, added to one file, and the printed command's HostKeyAlias.
with_known_hosts() {
	sallyport connect "$ID" --format known_hosts >>"$home/.ssh/known_hosts"
	# shellcheck disable=SC2046
	logs_in "$1" "known_hosts and HostKeyAlias" $(answer .nodes[0].ssh | cut -d' ' -f2-)
}

# 2: the ssh_config block, by its Host name.
with_ssh_config() {
	connect_file ssh_config config
	connect_file known_hosts hosts
	logs_in "$1" "ssh_config" -F config -o UserKnownHostsFile=hosts "$ID-0"
}

# 3: a command that prints the keys when ssh asks.
with_command() {
	connect_file known_hosts "keys-$ID-0"
	logs_in "$1" "KnownHostsCommand" -o UserKnownHostsFile=none \
		-o "KnownHostsCommand=/bin/cat /home/dev/keys-%k" -o "HostKeyAlias=$ID-0" "${target[@]}"
}

# 4: a file of its own for each build, by address and port, as libssh and paramiko ask for it.
with_own_file() {
	sallyport connect "$ID" --clients | sed -n 's/^ *\(\[.*\]:[0-9]* ssh-\)/\1/p' >"$home/own"
	assert_match "^\[$LAB_PUBLIC_ADDRESS\]:$PORT ssh-ed25519 " "$home/own" "lines of connect --clients"
	chown 1000:1000 "$home/own"
	logs_in "$1" "a file for each build" -o UserKnownHostsFile=own "${target[@]}"
}

# 5: host certificates of one authority, for names of builds.
with_authority() {
	local etc

	etc=$(machine_dir "vm$1")/etc/ssh
	ssh-keygen -qs "$LAB_DIR/authority" -I "$ID" -h -n "$ID-0" "$etc/ssh_host_ed25519_key.pub"
	printf 'HostCertificate /etc/ssh/ssh_host_ed25519_key-cert.pub\n' >>"$etc/sshd_config"
	kill -HUP "$(machine_pid "vm$1")"
	printf '@cert-authority build-* %s\n' "$(cat "$LAB_DIR/authority.pub")" >"$home/authority"
	wait_until 5 sshd_has_certificate
	logs_in "$1" "a host authority" -o UserKnownHostsFile=authority -o "HostKeyAlias=$ID-0" \
		"${target[@]}"
}

sshd_has_certificate() {
	ssh_to $PORT -v true 2>&1 | grep -q 'Server host certificate'
}

begin 2
home=$(lab_client_home)
ssh-keygen -qt ed25519 -N '' -f "$LAB_DIR/authority"
NR=0
for recipe in with_known_hosts with_ssh_config with_command with_own_file with_authority; do
	for vm in 0 1; do
		next_build $vm
		"$recipe" $vm
	done
	ok "${recipe#with_}: two VMs one after the other on the same port"
done

next_build 0
lab_client ssh -o StrictHostKeyChecking=accept-new -o UserKnownHostsFile=plain "${target[@]}" true
next_build 1
assert_fails "ssh that knows the port by an earlier VM's key" lab_client ssh \
	-o UserKnownHostsFile=plain "${target[@]}" true
assert_match 'HOST IDENTIFICATION HAS CHANGED' "$LAB_DIR/refused" "the alarm without a recipe"
ok "without any of them the reused port does raise the alarm"

api DELETE "/v1/builds/$ID"
ID=again
for vm in 0 1; do
	wait_until 10 declared "$(build_body $vm)"
	command=$(answer .nodes[0].ssh)
	# shellcheck disable=SC2086
	assert_eq "vm$vm" "$(lab_client $command -o UserKnownHostsFile=again -o UpdateHostKeys=no hostname)" \
		"an id used again, by $command"
	[ $vm = 1 ] || api DELETE "/v1/builds/$ID"
done
assert_match '^again-0 ' "$home/again" "the alias of the first build of that id"
assert_match '^again-0\.[0-9]+ ' "$home/again" "the alias of the second"
assert_match "^Host again-0\.[0-9]+\$" <(sallyport connect again --format ssh_config) "ssh_config of the second"
daemon_stop control
control_start
api GET /v1/builds/again
assert_eq "$command" "$(answer .nodes[0].ssh)" "its command after a restart"
ok "a build id that is used again has another alias, and raises no alarm"
