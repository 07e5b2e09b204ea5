#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# sallyport support-bundle: what helps is in it, whatever is down, and nothing secret ever is. Each
# secret of this test has "MARK" in it.
LAB_ENGINE=xdp
LAB_EXTRA='# the password is MARKcomment
	// and MARKcomment2'
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

# bundle STATUS WORD…: on the edge, in a directory of its own; its words are in $LAB_DIR/out and err.
bundle() {
	local want=$1 status=0

	shift
	(cd "$LAB_DIR/bundle" && PATH=$LAB_DIR/bin:$PATH SALLYPORT_TOKEN=MARKenvironment \
		nsenter --net="/run/netns/$LAB_NS-edge" "$(lab_cli_path)" -s "$LAB_SOCKET" \
		support-bundle --config "$LAB_CONFIG" "$@") >"$LAB_DIR/out" 2>"$LAB_DIR/err" || status=$?
	assert_eq "$want" "$status" "exit status of support-bundle $* ($(cat "$LAB_DIR/err"))"
}

# unpack FILE: into $LAB_DIR/seen, where everything of JSON is JSON. What it is called is in TOP.
unpack() {
	local file

	rm -rf "$LAB_DIR/seen"
	mkdir "$LAB_DIR/seen"
	tar -xzf "$1" -C "$LAB_DIR/seen"
	TOP=$(basename "$LAB_DIR/seen"/*)
	for file in "$LAB_DIR/seen/$TOP"/*.json; do
		jq -e 'type' "$file" >/dev/null || fail "$file is not JSON"
	done
}

# seen FILE FILTER: what jq makes of a file of the bundle.
seen() {
	jq -r "$2" "$LAB_DIR/seen/$TOP/$1"
}

# there FILE…: these are in the bundle, and its MANIFEST misses none of them.
there() {
	local file

	for file in "$@"; do
		[ -s "$LAB_DIR/seen/$TOP/$file" ] || fail "$file is not in the bundle: $(cat "$LAB_DIR/err")"
		assert_match "^$file +[0-9]+ bytes$" "$LAB_DIR/seen/$TOP/MANIFEST" "the MANIFEST"
	done
}

# missing FILE PATTERN: it is not there, and MANIFEST and stderr say why.
missing() {
	[ ! -e "$LAB_DIR/seen/$TOP/$1" ] || fail "$1 is in the bundle"
	assert_match "^$1 +MISSING: $2" "$LAB_DIR/seen/$TOP/MANIFEST" "the MANIFEST"
	assert_match "^sallyport: $1 is missing in the bundle: $2" "$LAB_DIR/err" "stderr"
}

# No file of the bundle has a word like this.
nowhere() {
	! grep -rE -- "$1" "$LAB_DIR/seen" >"$LAB_DIR/found" || fail "$1 is in the bundle: $(cat "$LAB_DIR/found")"
}

# What an orchestrator may send, with a secret wherever a text may be anything.
secret_body() {
	jq -nc --arg vm "$(lab_vm_address 0)" --arg client "$LAB_CLIENT_ADDRESS" --arg key "$1" '{
		title: "acme/MARKtitle#7", user: "MARKuser", organisation: "MARKorganisation",
		actors: ["MARKactor1", "MARKactor2"], keys_as_of: "2026-11-23T12:00:03Z",
		key_fingerprints: ["SHA256:MARKfingerprint1", "MARKfingerprint2"],
		allow: [$client + "/32", "203.0.113.0/24"],
		nodes: [{index: 0, address: $vm, port: 22, host_keys: [$key, "ssh-rsa AAAAMARKhostkey MARKcomment"],
			forwards: [{name: "vnc", port: 5901}]}]}'
}

need_programs
lab_begin 1
mkdir "$LAB_DIR/bundle" "$LAB_DIR/bin"
control_start
# The daemon wants to know a user, the bundle does not.
sed -i -e 's/driver = "af_xdp";/& eal = [ "--MARKeal" ];/' \
	-e 's/^.*socket = .*/& roles = ( { user = "MARKrole"; role = "viewer"; } );/' "$LAB_CONFIG"

# A host without a journal of the system still has something to print it.
cat >"$LAB_DIR/bin/journalctl" <<-'EOT'
	#!/bin/sh
	cat <<END
	{"__CURSOR":"MARKcursor","__REALTIME_TIMESTAMP":"1","_SYSTEMD_UNIT":"sallyportd.service","_COMM":"sallyportd","_TRANSPORT":"journal","_PID":"7","PRIORITY":"4","MESSAGE":"Ready. name=edge-1 reason=MARKreason"}
	{"_SYSTEMD_UNIT":"sallyport-hooks.service","_COMM":"sallyport-hooks","_TRANSPORT":"journal","_PID":"8","MESSAGE":"A hook failed. hook=50-tell status=1 url=https://MARKuser:MARKpassword@example.org/MARKtoken"}
	{"_SYSTEMD_UNIT":"sallyport-hooks.service","_COMM":"MARKscript","_TRANSPORT":"stdout","_PID":"9","MESSAGE":"sent it with MARKtoken"}
	{"_SYSTEMD_UNIT":"sallyport-hooks.service","_COMM":"python3","_TRANSPORT":"journal","_PID":"9","MESSAGE":"sent it with MARKtoken","MARKFIELD":"MARKfield"}
	{"_SYSTEMD_UNIT":"init.scope","_PID":"1","UNIT":"sallyportd.service","MESSAGE":"sallyportd.service: Main process exited, code=killed, status=9/KILL"}
	{"_SYSTEMD_UNIT":"sallyport-dp.service","_COMM":"sallyport-dp","_TRANSPORT":"stdout","_PID":"10","MESSAGE":"EAL: no way to 203.0.113.9"}
	END
EOT
chmod +x "$LAB_DIR/bin/journalctl"

host_key=$(cut -d' ' -f1,2 "$(machine_dir vm0)/etc/ssh/ssh_host_ed25519_key.pub")
api PUT /v1/builds/demo "$(secret_body "$host_key")" -H 'Idempotency-Key: MARKidempotency'
assert_eq 201 "$STATUS" "status of PUT ($ANSWER)"
port=$(node_port 0)
assert_eq in "$(ssh_to "$port" echo in)" "a login"
recorded() {
	api GET '/v1/connections?build=demo'
	[ "$(answer '.connections[-1].closed_by')" != null ]
}
wait_until 10 recorded
sallyport connect demo --view wait --format known_hosts >"$LAB_DIR/known"
grep -q MARKhostkey "$LAB_DIR/known" || fail "the daemon does not know the secrets"

bundle 0 --build demo
name=$(basename "$LAB_DIR/bundle"/*)
grep -qE "^sallyport-support-$LAB_NS-[0-9]{8}T[0-9]{6}Z\.tar\.gz$" <<<"$name" || fail "its name is $name"
assert_eq "600" "$(stat -c %a "$LAB_DIR/bundle/$name")" "who may read it"
assert_match "^$name: [0-9]+ files, 0 missing; " "$LAB_DIR/out" "what it says"
assert_eq "" "$(cat "$LAB_DIR/err")" "words on stderr"
unpack "$LAB_DIR/bundle/$name"
assert_eq "${name%.tar.gz}" "$TOP" "the directory in the archive"
there version.json status.json pools.json metrics.txt build.json connect.json diagnose.json \
	attestation.json connections.json audit.json events.json config.txt doctor.json table.json \
	versions.json packages.json sysctls.json interfaces.json routes4.json routes6.json rules4.json \
	rules6.json neighbours.json bpf_net.json bpf_links.json journal.json public_driver.json \
	public_features.json public_channels.json builds_driver.json builds_features.json \
	builds_channels.json dmesg.json
assert_eq veth "$(seen builds_driver.json .driver)" "the driver"
assert_match '^(on|off)' <(seen public_features.json '."generic-receive-offload"') "an offload"
assert_match '^[0-9]+$' <(seen public_channels.json '."Current hardware settings: RX"') "channels"
ok "one archive, readable by its owner alone, and nothing missing"

nowhere MARK
nowhere "$(cut -d' ' -f2 <<<"$host_key" | tr '+/' '..')"
nowhere acme
nowhere "(^|[^0-9.])$(sed 's/\./\\./g' <<<"$LAB_CLIENT_ADDRESS")([^0-9.]|$)"
nowhere '203\.0\.113\.'
nowhere "$(nsenter --net="/run/netns/$LAB_NS-client" ip -j link show eth0 | jq -r '.[0].address')"
ok "no secret of what an orchestrator sent, of the configuration, the environment or the journal"

# A new member of an answer is left out until it has its place in the rules.
for file in version status pools build connect diagnose attestation connections audit events doctor \
	table; do
	! grep -n '"(unknown)"' "$LAB_DIR/seen/$TOP/$file.json" || fail "$file.json has unknown members"
done
assert_eq 'demo running' "$(seen build.json '"\(.id) \(.state)"')" "the build"
assert_eq '(left out) 2' "$(seen build.json '"\(.title) \(.actors | length)"')" "its title and actors"
assert_eq "$(lab_vm_address 0)" "$(seen build.json '.nodes[0].address')" "its VM"
assert_eq login "$(seen diagnose.json '.nodes[0].case')" "what diagnose says"
client=$(seen connections.json '.connections[0].client')
assert_match '^ipv4-[0-9]+$' <(echo "$client") "the client"
assert_eq "$client" "$(seen attestation.json '.clients[0].client')" "the client in the attestation"
assert_eq "$client" "$(seen diagnose.json '.nodes[0].latest.client')" "the client in diagnose"
assert_eq "$client/32" "$(seen build.json '.allow[0]')" "the client in the allow-list"
assert_eq "$client port" "$(seen events.json '.[] | select(.type == "build.connected").detail' | cut -d' ' -f1,2)" \
	"the client in events"
assert_eq put "$(seen audit.json '.changes[0].what')" "the audit"
ok "the build is told all about, and its client is the same one everywhere"

assert_eq xdp "$(seen table.json .carrying)" "who carries, by the table"
assert_eq 2 "$(seen table.json .slots.live)" "live leases, by the table"
assert_ge "$(seen table.json .engines.xdp.packets)" 10 "packets, by the table"
assert_eq public "$(seen interfaces.json '.[] | select(.ifname == "public").ifname')" "an interface"
assert_eq 'public builds' "$(seen bpf_net.json '[.[0].xdp[].devname] | join(" ")')" "XDP programs"
assert_eq 1 "$(seen sysctls.json '.["net/ipv4/conf/lo/forwarding"]')" "a setting of the kernel"
assert_match '^leases\.linger = "30m"$' "$LAB_DIR/seen/$TOP/config.txt" "the configuration"
assert_match '^api\.roles\[0\]\.user = \(left out\)$' "$LAB_DIR/seen/$TOP/config.txt" "the user of a role"
assert_match '^sallyport_leases_live 2$' "$LAB_DIR/seen/$TOP/metrics.txt" "metrics"
[ "$(seen doctor.json 'map(select(.check == "sallyportd")) | length')" = 1 ] || fail "doctor says nothing"
assert_eq 'Ready. name=edge-1 reason=(left out)' "$(seen journal.json '.[0].MESSAGE')" "a message"
assert_match 'code=killed, status=9/KILL$' <(seen journal.json '.[].MESSAGE') "a message of systemd"
assert_eq '(left out)' "$(seen journal.json '.[2].MESSAGE')" "what a hook prints"
ok "the edge is told all about"

bundle 0 --build demo --with-addresses addresses.tgz
unpack "$LAB_DIR/bundle/addresses.tgz"
assert_eq "$LAB_CLIENT_ADDRESS" "$(seen connections.json '.connections[0].client')" "the client"
nowhere MARK
ok "--with-addresses keeps addresses, and no secrets"

echo mine >"$LAB_DIR/bundle/there.tgz"
bundle 1 there.tgz
assert_match '^sallyport: there.tgz is there already' "$LAB_DIR/err" "stderr"
assert_eq mine "$(cat "$LAB_DIR/bundle/there.tgz")" "what was there"
bundle 1 /nonexistent/x.tgz
assert_match '^sallyport: /nonexistent/x.tgz cannot be written: No such file or directory$' "$LAB_DIR/err" "stderr"
assert_eq "addresses.tgz there.tgz" "$(cd "$LAB_DIR/bundle" && echo [!s]*)" "files left over"
ok "a file in the way is left as it is"

bundle 0 -
unpack "$LAB_DIR/out"
there builds.json status.json
assert_eq demo "$(seen builds.json '.builds[0].id')" "the list of builds"
nowhere MARK
bundle 4 --build nobody nobody.tgz
assert_eq 'sallyport: There is no build nobody.' "$(cat "$LAB_DIR/err")" "stderr"
[ ! -e "$LAB_DIR/bundle/nobody.tgz" ] || fail "a bundle of a build that is not there"
ok "stdout takes it too, and a build that is not there is refused"

sed -i 's/linger =/lingre = "MARKvalue"; linger =/' "$LAB_CONFIG"
bundle 0 configuration.tgz
unpack "$LAB_DIR/bundle/configuration.tgz"
there status.json interfaces.json
missing config.txt 'the configuration cannot be read'
missing doctor.json 'the configuration cannot be read'
assert_match 'leases.lingre: ' "$LAB_DIR/err" "what is wrong with the configuration, for the operator"
nowhere 'MARK|lingre'
sed -i 's/lingre = "MARKvalue"; //' "$LAB_CONFIG"
rm "$LAB_DIR/bin/journalctl"
printf '#!/bin/sh\nexit 5\n' >"$LAB_DIR/bin/bpftool"
chmod +x "$LAB_DIR/bin/bpftool"
ok "a bad configuration is missing, with nothing of it"

daemon_signal control STOP
bundle 0 hung.tgz
unpack "$LAB_DIR/bundle/hung.tgz"
missing version.json 'the daemon cannot be reached: '
missing status.json 'not asked for'
there table.json config.txt
daemon_signal control CONT
daemon_crash control
bundle 0 dead.tgz --build demo
unpack "$LAB_DIR/bundle/dead.tgz"
missing version.json 'the daemon cannot be reached: Connection refused'
missing build.json 'not asked for'
missing bpf_net.json 'bpftool exited with 5'
there table.json config.txt doctor.json interfaces.json
assert_eq 2 "$(seen table.json .slots.live)" "live leases, by the table"
assert_eq failure "$(seen doctor.json '.[] | select(.check == "sallyportd").grade')" "what doctor says"
nowhere MARK
ok "with the daemon hung or dead there is all that does not need it"

rm -rf "$LAB_BPF_DIR"
bundle 0 nothing.tgz
unpack "$LAB_DIR/bundle/nothing.tgz"
missing table.json 'There is no table'
ok "a table that is not there is missing"
