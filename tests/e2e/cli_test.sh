#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The CLI against a real sallyportd: what each verb prints, and its exit status.
LAB_ENGINE=xdp
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

# run STATUS WORD…: the CLI exits so; its words are in $LAB_DIR/out and $LAB_DIR/err.
run() {
	local want=$1 status=0

	shift
	sallyport "$@" >"$LAB_DIR/out" 2>"$LAB_DIR/err" || status=$?
	assert_eq "$want" "$status" "exit status of sallyport $* ($(cat "$LAB_DIR/err"))"
}

out() {
	assert_match "$1" "$LAB_DIR/out" "${2:-the output}"
}

err() {
	assert_match "$1" "$LAB_DIR/err" "${2:-the error}"
}

need_programs
lab_begin 2

run 3 list
err '^sallyport: cannot reach the daemon at .*/api.sock: No such file or directory$'
control_start
ok "without a daemon the exit status is 3"

run 0 enable demo --node 10.0.3.7 --node=10.0.3.8:22 --user ubuntu --title 'acme/api#7' \
	--allow 192.0.2.0/24 --linger 30m --max-lifetime 6h
out '^Debug via SSH: acme/api#7 \(node 0, 2 in all\)$'
out '^    ssh -p [0-9]+ -o HostKeyAlias=demo-1 ubuntu@192\.0\.2\.1$'
assert_eq 2 "$(grep -c '^Debug via SSH' "$LAB_DIR/out")" "sections of two nodes"
run 0 -o json show demo
assert_eq '2 1800 21600' "$(jq -r '"\(.nodes | length) \(.linger_s) \(.remaining_s / 100 | ceil * 100)"' \
	"$LAB_DIR/out")" "nodes, linger and lifetime"
command=$(jq -r '.nodes[1].ssh' "$LAB_DIR/out")
# shellcheck disable=SC2086
assert_eq vm1 "$(lab_client ${command/ssh /ssh ${SSH_OPTIONS[*]} } hostname)" "host of the command"
ok "enable prints a section for each node, and its command logs in"

run 0 list
out '^ID +TITLE +STATE +LEFT +UNTIL +NODES +PORTS$'
out '^demo +acme/api#7 +running +5h59m +([0-9]+-[0-9]+ )?[0-9]+:[0-9]+ +2 +[0-9]+,[0-9]+$'
run 0 list --state finished
assert_eq 1 "$(wc -l <"$LAB_DIR/out")" "lines of an empty list"
run 2 list --state asleep
err '^sallyport: --state is one of reserved running finished ended, not asleep$'
run 0 show demo
out '^node 1 +(pending|ready), 10\.0\.3\.8 port 22$'
out '^  to the VM +[0-9]+ packets, [0-9'\'']+ bytes$'
TZ=Etc/GMT-5 run 0 show demo
out '^deadline  +20..-..-..T..:..:..\+05:00$'
TZ=Etc/GMT-5 run 0 show demo --utc
out '^deadline  +20..-..-..T..:..:..Z$'
# In the evening, whenever that is: with the day of a deadline the list has to be cut.
TZ=EVE$(($(date -u +%-H) - 20)) COLUMNS=60 run 0 list
assert_eq 60 "$(LC_ALL=C.UTF-8 wc -L <"$LAB_DIR/out")" "columns of a list for 60"
out '…'
ok "list and show are tables, list as wide as the terminal, times are local or UTC"

run 0 enable acmes --json - <<<'{"nodes":[{"index":0}],"actors":["alice","bob"],"organisation":"acme"}'
for wanted in '--actor bob' '--organisation acme' '--actor alice --organisation acme --state reserved'; do
	# shellcheck disable=SC2086
	run 0 list --ids $wanted
	assert_eq acmes "$(cat "$LAB_DIR/out")" "list $wanted"
done
run 0 list --ids --actor carol
assert_eq '' "$(cat "$LAB_DIR/out")" "list of an actor without builds"
run 0 list --ids --address 10.0.3.8
assert_eq demo "$(cat "$LAB_DIR/out")" "list of an address"
run 0 list --ids --address 10.0.3.9
assert_eq '' "$(cat "$LAB_DIR/out")" "list of an address that no VM has"
run 2 list --address 10.0.3.8:22
err '^sallyport: --address is an address without a port, not 10\.0\.3\.8:22$'
run 2 list 10.0.3.8
err 'did you mean --address 10\.0\.3\.8\?$'
"$(lab_cli_path)" list --watch --socket "$LAB_SOCKET" >"$LAB_DIR/watched" &
watching=$!
wait_line 10 "$LAB_DIR/watched" '^acmes +acmes +reserved '
# lists: how often all builds have been asked for, and events.
lists() {
	lab_in edge curl -sS --fail --unix-socket "$LAB_SOCKET" http://edge/metrics |
		sed -nE 's,^sallyport_api_requests_total\{method="GET"\,route="/v1/builds"\,status="200"\} ,,p'
}
listed=$(lists)
run 0 enable later --json - <<<'{"nodes":[{"index":0}],"organisation":"acme"}'
wait_line 10 "$LAB_DIR/watched" '^later +later +reserved .* (23h59m|24h|24h00m|-) '
run 0 cancel acmes
run 0 cancel later
gone_from_watched() {
	tail -n1 "$LAB_DIR/watched" | grep -q '^demo ' && grep -q '^acmes' "$LAB_DIR/watched"
}
wait_until 10 gone_from_watched || fail "list --watch: $(cat "$LAB_DIR/watched")"
assert_eq "$listed" "$(lists)" "how often all builds were read, while two changed"
kill $watching
wait $watching || :
run 0 list
assert_eq 0 "$(grep -c '^acmes' "$LAB_DIR/out")" "ended builds in a list"
run 0 list --all
out '^acmes +acmes +ended: cancelled +- '
run 0 list -ojson
assert_eq ended "$(jq -r '.builds[] | select(.id == "acmes") | .state' "$LAB_DIR/out")" "an ended build in JSON"
ok "list knows actors, organisations, states and addresses, hides what has ended, and watches"

mkfifo "$LAB_DIR/nothing"
start_on lab_client session ssh "${SSH_OPTIONS[@]}" -p "$(jq -r '.nodes[0].public_port' <(sallyport -o json show demo))" \
	ubuntu@192.0.2.1 'echo in; cat' <>"$LAB_DIR/nothing" >"$LAB_DIR/session" 2>&1 &
session=$!
wait_line 10 "$LAB_DIR/session" '^in$'
says_connected() {
	run 0 connect demo --view wait
	grep -q "^Connected now: $LAB_CLIENT_ADDRESS since 20.* UTC\.$" "$LAB_DIR/out"
}
says_nobody() {
	run 0 connect demo --view wait
	[ "$(grep -c '^Nobody is connected now\.$' "$LAB_DIR/out")" = 2 ]
}
wait_until 5 says_connected || fail "connect does not say who is connected: $(cat "$LAB_DIR/out")"
assert_eq 1 "$(grep -c '^Connected now' "$LAB_DIR/out")" "sections with somebody connected"
stop_on lab_client session
wait "$session" && fail "the session ended by itself"
wait_until 5 says_nobody || fail "connect does not say that nobody is: $(cat "$LAB_DIR/out")"
ok "connect says who is connected to which VM now"

run 0 connect demo --clients
out "^  scp       scp -P [0-9]* -o HostKeyAlias=demo-0 FILE ubuntu@$LAB_PUBLIC_ADDRESS:\$"
out "^  rsync     rsync -e 'ssh -p [0-9]* -o HostKeyAlias=demo-0' FILE ubuntu@"
out "^  PuTTY     plink -P [0-9]* ubuntu@$LAB_PUBLIC_ADDRESS\$"
out "look for \[$LAB_PUBLIC_ADDRESS\]:[0-9]* in known_hosts\$"
out '^  mosh      needs a forward'
out '^  VS Code   vscode://vscode-remote/ssh-remote\+demo-0/ '
out "^  JetBrains jetbrains-gateway://connect#type=ssh&deploy=true&host=$LAB_PUBLIC_ADDRESS&port=[0-9]+&user=ubuntu&"
ok "connect has a command for each of the other clients"

run 0 connect demo --view wait --format ssh_config
out '^    HostKeyAlias demo-0$'
run 0 finish demo
out '^Wait for SSH: '
out '^The build has finished\. The VM stays until .*, (30|29) minutes from now, unless you cancel it\.$'
run 0 extend demo --by 1h
out '1 hour 29 minutes|1 hour 30 minutes'
run 6 extend demo --by 100h
err '^sallyport: The session can be extended by at most [0-9]+ s, until .*: extensions add at most leases\.max_extension\.$'
run 0 connect demo --format known_hosts
err '^sallyport: note: No host key of build demo is known: '
assert_eq 0 "$(wc -c <"$LAB_DIR/out")" "bytes of host keys that there are not"
ok "finish, extend and connect say how long is left, and that there is no host key"

run 0 enable one --node -
run 0 enable two --node -
run 6 extend one nothing two --by 100h
err '^sallyport: one: The session can be extended by at most '
err '^sallyport: nothing: There is no build nothing\.$'
err '^sallyport: two: The session can be extended by at most '
run 2 extend one 10m
err '^sallyport: say either --by TIME or --until TIMESTAMP; did you mean --by 10m\?$'
assert_eq 1 "$(wc -l <"$LAB_DIR/err")" "lines of wrong usage"
run 2 extend one --until tomorrow
err '^sallyport: --until is a time such as .*Z, not tomorrow$'
echo '{"builds":[]}' >"$LAB_DIR/empty"
run 1 sync "$LAB_DIR/empty"
err 'say allow_empty .sallyport sync: --allow-empty. if it is meant\.$'
run 0 finish one two
run 4 cancel one nothing two
assert_eq 'Build one is cancelled:,Build two is cancelled:' "$(cut -d' ' -f1-4 "$LAB_DIR/out" | paste -sd,)" "what was cancelled"
run 5 enable one --node -
err '^  build one has ended .cancelled.; a new session needs a new id$'
run 4 -o json cancel nothing one
assert_eq 'nothing not-found' "$(jq -r '"\(.build) \(.kind)"' "$LAB_DIR/err")" "the error of one of several, as JSON"
run 3 cancel one two -s /nowhere
err '^sallyport: one: cannot reach the daemon at /nowhere: '
err '^sallyport: not asked for: two, and all behind it$'
ok "finish, extend and cancel take several builds; each has its result, and the exit status is the highest"

run 0 status
out '^engine +xdp configured, xdp carries now$'
out '^forwarded +[0-9'\'']+ +0$'
out '^public +attached +native '
run 0 pools
out '^default +192\.0\.2\.1 +192\.0\.2\.1 +1001 +2 +995 +4$'
run 0 pools --names
out "^default$"
run 0 version
out '^sallyportd [0-9.]+$'
run 0 events --no-follow
out '^1  .*  build\.enabled  build=demo  deadline='
run 0 events --no-follow --since 1 -o json
assert_eq 2 "$(head -n1 "$LAB_DIR/out" | jq .seq)" "the event after 1"
ok "status, pools, version and events show the edge"

run 1 enable 'odd id' --node 10.0.3.7
err '^sallyport: An id is '
run 1 enable bad --node 172.16.0.1 --node 10.0.9.9
err '^  /nodes/0/address: 172\.16\.0\.1 '
run 1 enable bad --node - --allow 192.0.2.7/24
err '^sallyport: The request holds wrong values\.$'
err '^  /allow/0: must be a prefix .* 192\.0\.2\.0/24, '
run 4 show nothing
err '^sallyport: There is no build nothing\.$'
run 4 show nothing -ojson
assert_eq 'not-found 4 404 There is no build nothing.' \
	"$(jq -r '"\(.kind) \(.exit) \(.status) \(.detail)"' "$LAB_DIR/err")" "an error as JSON"
assert_eq 0 "$(wc -c <"$LAB_DIR/out")" "bytes on stdout with an error"
run 5 enable other --node 10.0.3.7
err '^sallyport: Another build holds this VM endpoint\.$'
echo '[]' >"$LAB_DIR/list.json"
run 1 sync "$LAB_DIR/list.json"
err '/list\.json is not a JSON object$'
printf '{"a":"\\u0000"}' >"$LAB_DIR/list.json"
run 1 sync "$LAB_DIR/list.json"
err '/list\.json is not a JSON object: line 1, column [0-9]+: a string must not have the character .u0000$'
run 1 sync - </dev/null
err 'stdin is not a JSON object: it is empty, where JSON was expected$'
for user in nobody root; do
	lab_in edge chown "root:$([ $user = nobody ] && echo adm || echo root)" "$LAB_SOCKET"
	status=0
	setpriv --reuid nobody --regid nogroup --clear-groups "$(lab_cli_path)" list -s "$LAB_SOCKET" \
		2>"$LAB_DIR/err" || status=$?
	assert_eq 7 "$status" "exit status without permission"
	err "$([ $user = nobody ] && echo 'the group adm \(api\.group\); as root: usermod -aG adm nobody$' ||
		echo 'is for root alone, since api\.group names no group')"
done
ok "what is refused is explained with its pointers, and the exit status says of which kind it is"

for wrong in '' 'frob' 'enable' 'enable x' 'enable x --node' 'enable x --node 10.0.3.7:0' \
	'enable x --node 10.0.3.7 --linger soon' 'list x' 'list --colour red' 'extend x' \
	'list -o xml' 'status --help=1' 'enable x --node [2001:db8:2::9' 'enable x --node 2001:db8::1]:22' \
	'enable x --node host' 'enable x --node 10.0.3.7 --allow 10.0.0.0/33' 'connections --public 192.0.2.1' \
	'connections --at yesterday' 'attest --public 192.0.2.1:1 --client host'; do
	# shellcheck disable=SC2086
	run 2 $wrong
	err '^sallyport: '
done
run 0 --help
out '^verbs:$'
run 0 enable --help
out '^  --node ADDR'
run 2 enable x --node '[2001:db8:2::9'
err '^sallyport: --node is ADDR, ADDR:PORT, \[ADDR\]:PORT or -, not \[2001:db8:2::9$'
run 0 help connect
out '^ +one of text, markdown, json, ssh_config, known_hosts$'
run 0 help list
out '^ +one of reserved, running, finished, ended$'
run 0 help top
out '^ +one of id, state, left, packets, bytes, connections, actor, organisation, title$'
run 0 help ena
out '^  sallyport enable 48121 --node '
run 0 --version
out '^sallyport [0-9.]+$'
run 2 shwo demo
err '^sallyport: unknown verb shwo; did you mean show\?$'
run 0 sh demo -ojson
assert_eq demo "$(jq -r .id "$LAB_DIR/out")" "a verb that is cut"
ok "wrong usage exits with 2 and says what was meant, help with 0"

run 0 finish demo --at 2020-01-02T03:04:05Z
err "^sallyport: note: The build counts as finished at .*, not at --at: it had finished already"
run 0 enable late --node -
run 0 finish late --at 2020-01-02T03:04:05Z
err "^sallyport: note: The build was declared here at 20[0-9-]*T[0-9:]*Z, after --at: the linger starts then\\.$"
run 0 -o json show late
jq -e '.finished_at == .created_at' "$LAB_DIR/out" >/dev/null || fail "finished before it was declared"
run 0 cancel late
ok "finish says from when the linger counts, if not from --at"

printf '{"builds":[{"id":"a","nodes":[{"index":0,"address":"10.0.9.1"}]}]}' >"$LAB_DIR/set.json"
run 0 sync "$LAB_DIR/set.json" --dry-run
out '^would be: 1 created, 0 changed, 1 cancelled, '
run 0 sync - <"$LAB_DIR/set.json"
out '^created  a$'
out '^cancelled  demo$'
run 0 enable b --json - <<<'{"nodes":[{"index":0}]}'
out 'The VM has not started yet'
run 0 cancel b
out '^Build b is cancelled: nothing gets through to its VMs any more\.$'
run 0 list --all
out '^b +b +ended: cancelled +- '
ok "sync, enable from a file, and cancel"

# The configuration names a socket, and that is the one that is asked.
(
	unset SALLYPORT_SOCKET
	lab_in edge "$(lab_cli_path)" doctor "$LAB_CONFIG" || :
	cd "$LAB_DIR" || exit
	lab_in edge "$(lab_cli_path)" support-bundle --config "$LAB_CONFIG" - >"$LAB_DIR/bundle.tar.gz"
) >"$LAB_DIR/out" 2>"$LAB_DIR/err"
out '^ok +sallyportd: It answers: '
tar xzOf "$LAB_DIR/bundle.tar.gz" --wildcards '*/MANIFEST' >"$LAB_DIR/out"
out '^status\.json +[0-9]+ bytes$'
ok "doctor FILE and support-bundle --config FILE ask the daemon of that file"

# complete_in SHELL LINE...: prints what a tab behind each line makes of it in a real shell.
complete_in() {
	local shell=$1 line

	shift
	if [ "$shell" != fish ]; then
		"$LAB_TOOLS/type.py" "$shell" "$LAB_DIR/$shell" "$@"
		return
	fi
	for line in "$@"; do
		printf "echo '%s '(complete -C '%s' | cut -f1 | string join ,)\n" "${line% *}" "$line"
	done >"$LAB_DIR/lines"
	fish --no-config -c "source $LAB_DIR/fish; source $LAB_DIR/lines"
}

mkdir "$LAB_DIR/bin"
ln -s "$(lab_cli_path)" "$LAB_DIR/bin/"
: >"$LAB_DIR/a-file"
run 0 enable typed-build --node -
run 0 enable typed-also --node -
cat >"$LAB_DIR/wanted" <<EOT
sallyport finish
sallyport connect --view wait
sallyport extend x --until
sallyport sync $LAB_DIR/a-file
sallyport -s $LAB_SOCKET sh typed-build
sallyport -s $LAB_SOCKET cancel typed-also typed-build
sallyport -s $LAB_SOCKET enable x --pool default
EOT
for shell in bash zsh fish; do
	command -v $shell >/dev/null || {
		echo "ok - completion for $shell # skipped: $shell is not installed"
		continue
	}
	sallyport completion $shell >"$LAB_DIR/$shell"
	PATH=$LAB_DIR/bin:$PATH SALLYPORT_SOCKET=/nowhere complete_in $shell 'sallyport fin' \
		'sallyport connect --view w' 'sallyport extend x --un' "sallyport sync $LAB_DIR/a-f" \
		"sallyport -s $LAB_SOCKET sh typed-b" "sallyport -s $LAB_SOCKET cancel typed-also typed-b" \
		"sallyport -s $LAB_SOCKET enable x --pool de" >"$LAB_DIR/typed" || fail "$shell: $(cat "$LAB_DIR/typed")"
	diff -u "$LAB_DIR/wanted" "$LAB_DIR/typed" || fail "completion in $shell"
	ok "completion for $shell knows verbs, options, values, files, pools and the builds that there are"
done
