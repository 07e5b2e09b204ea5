#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The Debian packages: lintian has nothing to say; in a clean Debian they install, with what they depend
# on and nothing else; ssh works by a configuration of one's own; an upgrade cuts nothing; a configuration
# is left alone; removal detaches; purging leaves nothing.
#   PACKAGE_DEBS   a directory of packages, to save the time of building them
TEST_TIMEOUT=${TEST_TIMEOUT:-900}
# A Debian needs devices, which /dev/shm does not take.
export SALLYPORT_LAB_ROOT=${SALLYPORT_LAB_ROOT:-/var/tmp/sallyport-lab}
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/e2e/_init.sh
. "$here/../e2e/_init.sh"
# shellcheck source=tests/deb/machine.sh
. "$here/machine.sh"

build_packages() {
	if [ -n "${PACKAGE_DEBS:-}" ]; then
		mkdir -p "$LAB_DIR/deb"
		cp "$PACKAGE_DEBS"/*.deb "$LAB_DIR/deb/"
	else
		"$here/../../configs/debian/build.sh" "$LAB_DIR/deb"
	fi
}

# What is of this edge's kernel and was so before the packages came; what the lab itself changes is not in it.
host_state() {
	on_edge ls /sys/fs/bpf
	lab_in edge sysctl -a 2>/dev/null | grep -E '^net\.ipv[46]\.(conf|neigh)\.' | grep -v 'accept_dad' || :
	for link in public builds; do
		lab_in edge ethtool -k "$link" | grep -v 'fixed' || :
		lab_in edge ip -d link show dev "$link" | grep -oE 'xdp[a-z]*' || :
		cat_threads "$link"
	done
	lab_in edge ip neigh show proto 83
}

cat_threads() {
	on_edge cat "/sys/class/net/$1/threaded" 2>/dev/null || :
}

# started_at_boot UNIT: its package has asked systemd for that, whose stand-in here only notes it.
started_at_boot() {
	grep -qx "preset $1" "$ROOT/var/log/systemctl"
}

# The daemons that nobody has to want, each as far as it goes here: it runs, and has nothing to do.
start_all() {
	local daemon

	mkdir -p "$ROOT/etc/systemd/system"
	for daemon in sallyport-fleet sallyport-hooks sallyport-runner sallyport-hold; do
		on_edge cp /bin/sleep "/usr/local/sbin/$daemon"
		sed "s@^ExecStart=.*@ExecStart=/usr/local/sbin/$daemon 600@" "$ROOT/lib/systemd/system/$daemon.service" \
			>"$ROOT/etc/systemd/system/$daemon.service"
		on_edge systemctl start "$daemon" || fail "$daemon: $(cat "$ROOT/var/log/$daemon")"
	done
}

write_config() {
	cat >"$ROOT/etc/sallyport/sallyport.conf" <<-EOT
		# my own words
		public: { interface = "public"; addresses = ( { bind = "$LAB_PUBLIC_ADDRESS"; } ); };
		builds: { interface = "builds"; networks = [ "10.0.0.0/16" ]; };
		dataplane: { engine = "dpdk"; hugepages = false; };
	EOT
}

# main_pid DAEMON
main_pid() {
	on_edge systemctl show -P MainPID "$1"
}

# runs DAEMON VERSION: the daemon runs the program that is installed, which is of that version.
runs() {
	local pid

	pid=$(main_pid "$1")
	# shellcheck disable=SC2016 # dpkg's own
	[ "$pid" -gt 0 ] && on_edge cmp -s "/proc/$pid/exe" "/usr/sbin/$1" &&
		[ "$(on_edge dpkg-query -W -f '${Version}' sallyport)" = "$2" ]
}

carried_by() {
	[ "$(on_edge sallyport -o json status | jq -r .carrying)" = "$1" ]
}

whoami_there() {
	ssh_to "$port" id -un
}

# One copy after another, each of some seconds, until the upgrade is done; all are whole.
copies() {
	local i

	for ((i = 1; ; i++)); do
		lab_client scp "${SSH_OPTIONS[@]}" -q -l 10000 -P "$port" data "ubuntu@$LAB_PUBLIC_ADDRESS:data" \
			2>>"$LAB_DIR/copies" || return 1
		cmp "$(lab_client_home)/data" "$(lab_vm_home 0)/data" >>"$LAB_DIR/copies" 2>&1 || return 1
		echo "copy $i" >>"$LAB_DIR/copies"
		[ ! -e "$LAB_DIR/upgraded" ] || return 0
	done
}

edited_config() {
	sha256sum <"$ROOT/etc/sallyport/sallyport.conf"
}

# Whatever bears our name, but for what apt and dpkg keep for themselves, and this test's own.
left_behind() {
	on_edge find / -xdev \( -path /proc -o -path /debs -o -path /newer -o -path /var/cache -o -path /var/log \
		-o -path /var/lib/apt -o -path /root \) -prune -o -name '*sallyport*' -print
	on_edge ls -d /run/sallyport /sys/fs/bpf/sallyport 2>/dev/null || :
	on_edge getent group sallyport sallyport-runner || :
	on_edge getent passwd sallyport-runner || :
}

command -v mmdebstrap lintian >/dev/null || skip "no mmdebstrap or lintian"
lab_begin 1
machine_network >"$LAB_DIR/said" || skip "no network to the package sources: $(cat "$LAB_DIR/said")"
ROOT=$LAB_DIR/root
machine_root &
making=$!
build_packages >"$LAB_DIR/build" 2>&1 || fail "make deb: $(tail -n40 "$LAB_DIR/build")"
ok "packages are built"
lintian --allow-root "$LAB_DIR"/deb/*.deb >"$LAB_DIR/lintian" 2>&1 || :
[ ! -s "$LAB_DIR/lintian" ] || fail "lintian: $(cat "$LAB_DIR/lintian")"
ok "lintian prints nothing"
wait $making || fail "mmdebstrap: $(tail -n20 "$LAB_DIR/mmdebstrap")"
machine_fetch "$LAB_DIR"/deb/*.deb || fail "dependencies: $(tail -n20 "$LAB_DIR/fetch")"
version=$(dpkg-deb -f "$LAB_DIR"/deb/sallyport_*.deb Version)
newer "$LAB_DIR/deb" "$ROOT/newer" +1

machine_boot
host_state >"$LAB_DIR/before"
must_apt install /debs/sallyport*.deb
assert_match 'not configured yet' "$LAB_DIR/apt" "what the installation says"
assert_eq "0 0" "$(main_pid sallyportd) $(main_pid sallyport-dp)" "daemons without a configuration"
started_at_boot sallyportd || fail "sallyportd is not enabled"
! started_at_boot sallyport-dp || fail "sallyport-dp is enabled, and nobody has asked for it"
if on_edge sh -c 'command -v gcc cc clang make meson'; then
	fail "the packages bring a compiler"
fi
ok "installed in a clean Debian, without a compiler; nothing starts before it is configured"

write_config
on_edge sallyportd --check /etc/sallyport/sallyport.conf >"$LAB_DIR/said" 2>&1 || fail "--check: $(cat "$LAB_DIR/said")"
on_edge systemctl start sallyportd sallyport-dp || fail "start: $(cat "$ROOT"/var/log/sallyport*)"
wait_until 20 carried_by dpdk || fail "DPDK does not carry: $(cat "$ROOT"/var/log/sallyport*)"
on_edge sallyport -o json enable packaged --node 10.0.3.7 --user ubuntu >"$LAB_DIR/enabled"
port=$(jq -r '.nodes[0].public_port' "$LAB_DIR/enabled")
assert_eq ubuntu "$(whoami_there)" "ssh through the packages"
ok "ssh works through the installed packages, carried by DPDK"

ticking_session "$port" 20 &
session=$!
head -c 5000000 /dev/urandom >"$(lab_client_home)/data"
copies &
copying=$!
before="$(main_pid sallyportd) $(main_pid sallyport-dp)"
must_apt install /newer/sallyport*.deb
for daemon in sallyportd sallyport-dp; do
	runs "$daemon" "$version+1" || fail "$daemon is not the new one: $(cat "$LAB_DIR/apt")"
done
[ "$before" != "$(main_pid sallyportd) $(main_pid sallyport-dp)" ] || fail "nothing was restarted"
touch "$LAB_DIR/upgraded"
wait $copying || fail "a copy under the upgrade: $(cat "$LAB_DIR/copies")"
ok "copies go on under an upgrade of both packages, and are whole: $(wc -l <"$LAB_DIR/copies")"
kill -0 $session || fail "the session has ended: $(cat "$LAB_DIR/ticks.err")"
heard=$(wc -l <"$LAB_DIR/ticks")
cut -d' ' -f1 "$LAB_DIR/ticks" | head -n "$heard" | cmp - <(seq 0 $((heard - 1))) || fail "the session missed a count"
ok "a session open all the time missed none of its $heard counts"

config=$(edited_config)
must_apt install --reinstall /newer/sallyport*.deb
assert_eq "$config" "$(edited_config)" "the configuration after it was installed again"
assert_eq ubuntu "$(whoami_there)" "ssh after it was installed again"
ok "installing it again leaves the configuration and the session"

start_all
must_apt remove sallyport sallyport-dataplane
# What has ended and nobody has waited for is not running.
running=$(on_edge sh -c "awk '/^Name:/ { name = \$2 } /^State:/ && \$2 != \"Z\" && name ~ /^sallyport/ { print name }' \
	/proc/[0-9]*/status 2>/dev/null" || :)
assert_eq '' "$running" "daemons that run on after the removal"
on_edge sh -c 'rm -f /usr/local/sbin/sallyport-* /etc/systemd/system/sallyport-*.service'
assert_eq "$config" "$(edited_config)" "the configuration after the removal"
[ -e "$ROOT/var/lib/sallyport/journal.db" ] || fail "the journal went with the packages"
[ ! -e "/proc/$(pgrep -P "$MACHINE_PID" | head -n1)/root/sys/fs/bpf/sallyport" ] || fail "pins stay after the removal"
assert_eq '' "$(lab_in edge ip -d link show | grep -oE 'prog/xdp' || :)" "programs after the removal"
assert_fails "ssh after the removal" whoami_there
ok "removal detaches, and keeps configuration and journal"

must_apt purge sallyport sallyport-dataplane sallyport-doc
assert_eq '' "$(left_behind)" "what purging leaves"
host_state >"$LAB_DIR/after"
diff "$LAB_DIR/before" "$LAB_DIR/after" >"$LAB_DIR/said" || fail "purging leaves: $(cat "$LAB_DIR/said")"
ok "purging leaves no file, pin, program, group or setting behind"
machine_end
