# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# The lab's machines: what inside.sh becomes in namespaces of its own.
#   LAB_SSHD    a directory with another usr/sbin/sshd and usr/lib/openssh/ for the VMs, such as an
#               unpacked openssh-server of another release
#   LAB_SSHD_CONFIG   more lines of the VMs' sshd_config
LAB_SSHD=${LAB_SSHD:-}

machine_dir() {
	echo "$LAB_DIR/machine/$1"
}

# The user's key, which every VM accepts, and a stranger's, which none does.
machines_keys() {
	mkdir -p "$LAB_DIR/keys"
	ssh-keygen -qt ed25519 -N '' -C dev@laptop -f "$LAB_DIR/keys/id_ed25519"
	ssh-keygen -qt ed25519 -N '' -C mallory@elsewhere -f "$LAB_DIR/keys/stranger"
}

# A machine's accounts: its own files, bound over the host's inside its mount namespace only.
machine_accounts() {
	local etc=$1/etc user=$2

	printf '%s\n' root:x:0:0:root:/root:/bin/bash sshd:x:103:65534::/run/sshd:/usr/sbin/nologin \
		nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin \
		"$user:x:1000:1000::/home/$user:/bin/bash" >"$etc/passwd"
	printf '%s\n' root:x:0: tty:x:5: nogroup:x:65534: "$user:x:1000:" >"$etc/group"
	printf '%s\n' 'root:*:19000::::::' 'sshd:*:19000::::::' 'nobody:*:19000::::::' \
		"$user:*:19000::::::" >"$etc/shadow"
	chmod 600 "$etc/shadow"
}

machine_vm_files() {
	local dir=$1

	mkdir -p "$dir/home/ubuntu/.ssh"
	cp "$LAB_DIR/keys/id_ed25519.pub" "$dir/home/ubuntu/.ssh/authorized_keys"
	ssh-keygen -qt ed25519 -N '' -C "$(basename "$dir")" -f "$dir/etc/ssh/ssh_host_ed25519_key"
	cat >"$dir/etc/ssh/sshd_config" <<-EOT
		Port 22
		HostKey /etc/ssh/ssh_host_ed25519_key
		AuthorizedKeysFile .ssh/authorized_keys
		PasswordAuthentication no
		KbdInteractiveAuthentication no
		UsePAM no
		UseDNS no
		PrintMotd no
		PrintLastLog no
		MaxStartups 100:30:200
		Subsystem sftp internal-sftp
		LogLevel VERBOSE
	EOT
	machine_vm_limits >>"$dir/etc/ssh/sshd_config"
}

# Since OpenSSH 9.8 sshd turns away who comes often without a login, and tests do: not unless a test
# is about it.
machine_vm_limits() {
	if [ -n "${LAB_SSHD_CONFIG:-}" ]; then
		echo "$LAB_SSHD_CONFIG"
	elif "$LAB_SSHD/usr/sbin/sshd" -G -f /dev/null -o PerSourcePenalties=no >/dev/null 2>&1; then
		echo "PerSourcePenalties no"
	fi
}

machine_client_files() {
	local dir=$1

	mkdir -p "$dir/home/dev/.ssh"
	cp "$LAB_DIR"/keys/* "$dir/home/dev/.ssh/"
	cat >"$dir/home/dev/.ssh/config" <<-EOT
		Host *
			StrictHostKeyChecking accept-new
			BatchMode yes
			ConnectTimeout 5
			LogLevel ERROR
	EOT
}

# Starts machine $1, of kind "client" or "vm"; machines_ready waits for all.
machine_start() {
	local name=$1 kind=$2 dir user=ubuntu

	dir=$(machine_dir "$name")
	[ "$kind" = vm ] || user=dev
	mkdir -p "$dir/etc/ssh"
	machine_accounts "$dir" "$user"
	"machine_${kind}_files" "$dir"
	chmod 700 "$dir/home/$user/.ssh"
	chown -R 1000:1000 "$dir/home/$user"
	: >"$LAB_DIR/log/$name"
	setsid nsenter --net="/run/netns/$LAB_NS-$name" \
		unshare --mount --uts --pid --fork --kill-child=KILL --mount-proc \
		"$LAB_SOURCE/inside.sh" "$kind" "$LAB_NS-$name" "$dir" "$LAB_SSHD" \
		>"$LAB_DIR/log/$name" 2>&1 </dev/null &
	echo "$! $(lab_started $!)" >"$dir/pid"
	disown
}

machines_ready() {
	local name

	for name in client $(network_vm_names); do
		wait_line 10 "$LAB_DIR/log/$name" 'Server listening on 0|^ready$' || {
			cat "$LAB_DIR/log/$name" >&2
			return 1
		}
	done
}

# Prints the pid, on the host, of a machine's first process.
machine_pid() {
	local pid _

	read -r pid _ <"$(machine_dir "$1")/pid"
	pgrep -P "$pid" | head -n1
}

# Runs a command on machine $1 as user $2, from its home, with nothing of our environment.
machine_enter() {
	local name=$1 user=$2

	shift 2
	nsenter --target "$(machine_pid "$name")" --net --mount --uts --pid --wd=/ \
		setpriv --reuid 1000 --regid 1000 --clear-groups \
		env -i HOME="/home/$user" USER="$user" TERM="${TERM:-dumb}" LANG=C.UTF-8 \
		PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin \
		bash -c 'cd && exec "$@"' bash "$@"
}

# Runs a command as the user on the client.
lab_client() {
	machine_enter client dev "$@"
}

# Runs a command as ubuntu on VM number $1, not through any sshd.
lab_vm() {
	local number=$1

	shift
	machine_enter "vm$number" ubuntu "$@"
}

# The home directories, as seen from outside.
lab_client_home() {
	echo "$(machine_dir client)/home/dev"
}

lab_vm_home() {
	echo "$(machine_dir "vm$1")/home/ubuntu"
}

machines_kill() {
	local file pid started

	for file in "$LAB_DIR"/machine/*/pid; do
		[ -e "$file" ] || continue
		read -r pid started <"$file"
		lab_alive "$pid" "$started" || continue
		kill -9 "$pid"
		wait_gone 5 "$pid"
	done
}
