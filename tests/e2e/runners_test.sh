#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Runners of five CI systems use this edge without code of their own: each one's documented contract is
# played against a real sallyportd, by way of sallyport-runner, to a login by ssh. No job fails because
# of us, whatever is away; and a hostile VM gets nothing for any VM but itself.
TEST_TIMEOUT=${TEST_TIMEOUT:-180}
LAB_ENGINE=xdp
LAB_UNLIMITED=1
RUNNER_UID=64990
LAB_EXTRA_API="roles = ( { uid = $RUNNER_UID; role = \"orchestrator\"; } );"
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

RUNNER=$SALLYPORT_BUILD/control/runner/sallyport-runner
URL=http://$LAB_BUILDS_ADDRESS:9465

# runner_start [OPTION…]: as the unit has it, by a user of its own without capabilities.
runner_start() {
	nsenter --net="/run/netns/$LAB_NS-edge" setpriv --reuid "$RUNNER_UID" --regid 0 --clear-groups \
		--bounding-set=-all --inh-caps=-all --no-new-privs \
		"$LAB_DIR/bin/sallyport-runner" -c "$LAB_DIR/runner.conf" -l "$LAB_BUILDS_ADDRESS:9465" -u ubuntu \
		-e 300ms -g 300ms "$@" >>"$LAB_DIR/log/runner" 2>&1 </dev/null &
	RUNNER_PID=$!
	wait_until 10 runner_answers
}

runner_answers() {
	kill -0 "$RUNNER_PID" || return 0
	lab_vm 0 curl -s --max-time 2 "$URL/" | grep -q circleci
}

runner_crash() {
	kill -KILL "$RUNNER_PID"
	wait "$RUNNER_PID" || :
}

# A command on VM $1 as its root.
vm_root() {
	local vm=$1

	shift
	nsenter --target "$(machine_pid "vm$vm")" --net --mount --uts --pid --wd=/ "$@"
}

# on_vm NUMBER [NAME=VALUE…] COMMAND…: as a runner's user, to whom the job's environment was given.
on_vm() {
	local vm=$1

	shift
	lab_vm "$vm" env SALLYPORT_JOB="$RUNNERS/sallyport-job" SALLYPORT_RUNNER="$URL" SALLYPORT_TIMEOUT=8 "$@"
}

# asks NUMBER METHOD PATH [CURL-OPTION…]: a VM's own request; sets ANSWER and STATUS.
asks() {
	local out

	out=$(lab_vm "$1" curl -s --max-time 8 -w '\n%{http_code}' -X "$2" "${@:4}" "$URL$3")
	STATUS=${out##*$'\n'}
	ANSWER=${out%$'\n'*}
}

# live [STATE]: ids of builds in it.
live() {
	lab_api GET "/v1/builds?state=${1:-running}&limit=1000" | grep '^{' | jq -r '.builds[].id'
}

# state_of ID STATE
state_of() {
	lab_api GET "/v1/builds/$1" | grep '^{' | jq -e --arg state "$2" '.state == $state'
}

# logs_in TEXT: the command that the job's log shows lets the user in.
logs_in() {
	local port

	port=$(grep -oE 'ssh -p [0-9]+' <<<"$1" | head -n1 | grep -oE '[0-9]+') || fail "no command in: $1"
	assert_eq ubuntu "$(ssh_to "$port" id -un)" "who logs in at port $port"
}

# A runner fetches advertise_addr_url as its task starts, and shows the answer, which is host:port.
shows_circleci() {
	local first id session ticks

	vm_root 0 /usr/sbin/sshd -p 54782 -o PidFile=/run/task-agent.pid
	first=$(lab_vm 0 curl -sf "$URL/circleci" | od -An -c | tr -d ' \n')
	[[ $first =~ ^192\.0\.2\.1:[0-9]+$ ]] || fail "this is not host:port alone: $first"
	assert_eq ubuntu "$(ssh_to "${first#*:}" id -un)" "who logs in where CircleCI says"
	id=$(live)
	[[ $id =~ ^runner-10\.0\.3\.7-circleci-[0-9a-f]{10}$ ]] || fail "the id of the build: $id"
	api GET "/v1/builds/$id"
	assert_eq "10.0.3.7 54782" "$(answer '.nodes[0] | "\(.address) \(.port)"')" "the node"
	ok "a CircleCI rerun: $first, and ssh logs in there"

	asks 0 GET /circleci
	assert_eq "$first" "$ANSWER" "a fetch that is repeated"
	runner_crash
	runner_start
	asks 0 GET /circleci
	assert_eq "$first" "$ANSWER" "the same after sallyport-runner was killed"
	wait_until 10 state_node "$id" ready
	ticking_session "${first#*:}" 50 &
	session=$!
	wait_until 10 test -s "$LAB_DIR/ticks"
	vm_root 0 bash -c 'kill "$(cat /run/task-agent.pid)"'
	daemon_crash control
	control_start
	wait_until 20 state_node "$id" unreachable
	ticks=$(wc -l <"$LAB_DIR/ticks")
	wait_until 10 has_ticked $((ticks + 20))
	state_of "$id" running >/dev/null || fail "somebody who is logged in was cut off with the task's port"
	lab_client pkill -x ssh
	wait "$session" || :
	wait_until 20 state_of "$id" ended
	wait_line 10 "$LAB_DIR/log/runner" "its VM's port answers no more"
	ok "once the task's ssh server and who was logged in are gone the session ends by itself, across kills of both daemons"
}

# state_node ID STATE
state_node() {
	lab_api GET "/v1/builds/$1" | grep '^{' | jq -e --arg state "$2" '.nodes[0].state == $state'
}

has_ticked() {
	[ "$(wc -l <"$LAB_DIR/ticks")" -ge "$1" ]
}

# The runner runs each hook by bash -e, as its user; a status that is not 0 fails the job.
github() {
	on_vm 0 GITHUB_REPOSITORY=acme/api GITHUB_RUN_ID="$1" GITHUB_RUN_ATTEMPT=1 GITHUB_RUN_NUMBER=7 \
		GITHUB_JOB="$2" bash -e "$RUNNERS/github-job-$3.sh"
}

shows_github() {
	local said first second strange

	said=$(github 101 test started)
	logs_in "$said"
	first=$(live)
	assert_eq "$said" "$(github 101 test started)" "a start that is repeated"
	said=$(github 101 test completed)
	state_of "$first" finished >/dev/null || fail "the job is over, the build is not: $said"
	github 100 test completed >"$LAB_DIR/said"
	assert_match 'no ssh for this job: There is no session of this job\. The job goes on\.$' "$LAB_DIR/said" \
		"the end of a job that never began"
	strange=$'it'"'"$'s "odd"\n$(reboot) \xff\x01'$(printf 'é%.0s' {1..300})
	said=$(github "$strange" "$strange" started)
	logs_in "$said"
	second=$(live)
	state_of "$first" ended >/dev/null || fail "the session of the job before goes on"
	[[ $second =~ ^runner-10\.0\.3\.7-[A-Za-z0-9._-]+$ ]] || fail "the id of a strange job: $second"
	github "$strange" "$strange" completed >/dev/null
	state_of "$second" finished >/dev/null || fail "a strange job's end is not known"
	ok "GitHub Actions: both hooks, and ids of any bytes; a new job ends the session of the one before"
}

# The agent's wrapper sources a hook and then takes its status and the environment.
buildkite() {
	on_vm 0 BUILDKITE_JOB_ID="$1" BUILDKITE_ORGANIZATION_SLUG=acme BUILDKITE_PIPELINE_SLUG=api \
		BUILDKITE_BUILD_NUMBER=9 "$3" -c ". '$RUNNERS/buildkite-$2'; echo \"status \$?\""
}

shows_buildkite() {
	local said id shell

	for shell in bash dash; do
		said=$(buildkite "0190-$shell" pre-command "$shell")
		assert_eq "status 0" "${said##*$'\n'}" "pre-command in $shell"
		logs_in "$said"
		id=$(live)
		said=$(buildkite "0190-$shell" pre-exit "$shell")
		assert_eq "status 0" "${said##*$'\n'}" "pre-exit in $shell"
		state_of "$id" finished >/dev/null || fail "after pre-exit: $said"
	done
	ok "Buildkite: both hooks, sourced by bash and dash"
}

# Stages of the executor run on the manager, which reaches VMs by ssh; prepare is tried three times.
gitlab() {
	lab_in edge env CUSTOM_ENV_CI_JOB_ID="$1" CUSTOM_ENV_CI_PROJECT_PATH='acme/$(reboot) "api"' \
		SALLYPORT_RUNNER="$URL" "$RUNNERS/gitlab-job" "$2" \
		ssh "${SSH_OPTIONS[@]}" -i "$LAB_DIR/keys/id_ed25519" ubuntu@10.0.3.8
}

shows_gitlab() {
	local said id

	said=$(gitlab 4711 start)
	logs_in "$said"
	assert_eq "$said" "$(gitlab 4711 start)" "prepare_exec once more"
	assert_eq "$said" "$(gitlab 4711 start)" "prepare_exec a third time"
	id=$(live)
	[[ $id = runner-10.0.3.8-job-4711-* ]] || fail "the VM did not declare itself: $id"
	gitlab 4711 finish >"$LAB_DIR/said"
	state_of "$id" finished >/dev/null || fail "after cleanup_exec: $(cat "$LAB_DIR/said")"
	lab_in edge env CUSTOM_ENV_CI_JOB_ID=1 "$RUNNERS/gitlab-job" start false >"$LAB_DIR/said" ||
		fail "gitlab-job fails when its VM cannot be reached"
	assert_match 'its VM cannot be told\. The job goes on' "$LAB_DIR/said" "what it says then"
	ok "GitLab: prepare_exec three times, and cleanup_exec, through ssh to the VM"
}

# A pipeline's sh runs a script by sh -xe. Of the library all but these commands is Groovy.
jenkins() {
	local command

	command=$(grep -oE "tell\('[^']+ $1 [^']*'\)" "$RUNNERS/jenkins-sallyport.groovy" | sed "s/^tell('//; s/')$//")
	command=${command/#\/usr\/local\/bin\/sallyport-job/$RUNNERS/sallyport-job}
	on_vm 1 BUILD_TAG=jenkins-api-12 STAGE_NAME='Unit tests' JOB_NAME=acme/api BUILD_NUMBER=12 sh -xe -c "$command"
}

shows_jenkins() {
	local said id

	said=$(jenkins start 2>/dev/null)
	logs_in "$said"
	id=$(live)
	jenkins finish >/dev/null 2>&1
	state_of "$id" finished >/dev/null || fail "after the step of the library"
	ok "Jenkins: the commands of the shared library"
}

# goes_on WHY PATTERN: a hook exits with 0, prints one line, and CircleCI gets host:port.
goes_on() {
	local said

	said=$(github 500 "$1" started) || fail "$1: the hook fails the job"
	assert_eq 1 "$(wc -l <<<"$said")" "lines, $1: $said"
	grep -qE "^sallyport: no ssh for this job: .*$2.*\. The job goes on\.$" <<<"$said" || fail "$1: $said"
}

shows_that_jobs_go_on() {
	local said

	daemon_stop control
	goes_on "sallyportd is down" 'sallyportd does not answer'
	asks 0 GET /circleci
	assert_eq "sallyport-is-away.invalid:54782" "$ANSWER" "what CircleCI shows then"
	control_start
	wait_until 10 job_runs
	# A VM may ask so often, and has asked a lot while it waited.
	runner_crash
	runner_start -p 60
	daemon_signal control STOP
	goes_on "sallyportd hangs" 'sallyportd does not answer'
	daemon_signal control CONT
	wait_until 10 job_runs
	said=$(on_vm 1 SALLYPORT_PORT=x "$RUNNERS/sallyport-job" start a)
	assert_eq "sallyport: no ssh for this job: label or port is missing or wrong. The job goes on." "$said" "a bad port"
	said=$(on_vm 1 SALLYPORT_USER=-oProxyCommand "$RUNNERS/sallyport-job" start a)
	[[ $said = "sallyport: no ssh for this job: The edge refuses it. "*"The job goes on." ]] || fail "a bad user: $said"
	runner_crash
	goes_on "sallyport-runner is down" 'connect'
	said=$(on_vm 0 SALLYPORT_JOB=/none bash -e "$RUNNERS/github-job-started.sh") || fail "not installed"
	assert_eq "sallyport: no ssh for this job: sallyport-job is not installed. The job goes on." "$said" "not installed"
	chmod 600 "$LAB_SOCKET"
	runner_start
	asks 0 GET /circleci
	assert_eq "sallyport-runner-may-not.invalid:54782" "$ANSWER" "what CircleCI shows if the socket is not for it"
	assert_match 'is not for sallyport-runner: api.group must name a group' "$LAB_DIR/log/runner" "the log"
	chmod 660 "$LAB_SOCKET"
	runner_crash
	ok "whatever is down, hangs or refuses: one line, and the job goes on"
}

job_runs() {
	github 501 again started | grep -q 'ssh -p'
}

# Begins sessions of its VM, as many as it is let, and prints the answers' statuses.
MANY='import http.client, sys
connection = http.client.HTTPConnection("10.0.0.1", 9465, timeout=8)
for number in range(200):
    connection.request("POST", f"/start?label=flood-{number}")
    answer = connection.getresponse()
    answer.read()
    print(answer.status)'

# Opens more than there is room for, says half of something on each, and holds them.
HALF='import signal, socket
held = []
for number in range(400):
    try:
        held.append(socket.create_connection(("10.0.0.1", 9465), timeout=5))
        held[-1].send(b"GET /circleci HTTP/1.1\r\nHost"[:number % 28])
    except OSError:
        pass
print("held", flush=True)
signal.pause()'

# Bytes that are no request, or hardly one.
ODD='import random, socket
random.seed(7)
heads = [b"\0" * 100, b"GET /circleci HTTP/9.9\r\n\r\n", b"POST /start?label=%00%ff%0a%0d HTTP/1.1\r\nHost: a\r\n\r\n",
         b"GET http://10.0.3.8/circleci HTTP/1.1\r\nHost: 10.0.3.8\r\nX-Forwarded-For: 10.0.3.8\r\n\r\n",
         b"POST /start?label=" + b"A" * 60000 + b" HTTP/1.1\r\n\r\n", b"POST /finish HTTP/1.1\r\nContent-Length: -1\r\n\r\n"]
heads += [random.randbytes(random.randrange(1, 300)) for _ in range(60)]
for head in heads:
    with socket.create_connection(("10.0.0.1", 9465), timeout=8) as peer:
        try:
            peer.sendall(head)
        except OSError:
            pass'

shows_hostile_vms() {
	local before id

	runner_start -n 2
	asks 1 POST '/start?label=mine'
	assert_eq 200 "$STATUS" "status of a start: $ANSWER"
	id=$(live | grep '^runner-10.0.3.8-')
	before=$(live ended | wc -l)
	lab_vm 0 python3 -c "$MANY" >"$LAB_DIR/statuses"
	assert_eq 6 "$(grep -cx 200 "$LAB_DIR/statuses")" "sessions of a VM that asks for 200"
	assert_eq 194 "$(grep -cx 429 "$LAB_DIR/statuses")" "refusals"
	assert_le "$(live ended | wc -l)" $((before + 6)) "builds that it leaves behind"
	wait_line 10 "$LAB_DIR/log/runner" \
		'Requests of a VM were refused\. vm=10\.0\.3\.7 job=flood-[0-9]+ build=runner-10\.0\.3\.7-flood-[^ ]+ requests=[0-9]+ reason="This VM asks too often'
	assert_le "$(grep -c 'were refused' "$LAB_DIR/log/runner")" 100 "lines of the log for 194 refusals"
	asks 0 POST "/end?label=mine"
	case $STATUS in 404 | 429) ;; *) fail "another VM's session by its label: $STATUS" ;; esac
	state_of "$id" running >/dev/null || fail "a VM has ended another's session"
	ok "a VM that asks for 200 sessions gets 6, one after another, and none of another VM's"

	start_on lab_vm0 half python3 -c "$HALF" >"$LAB_DIR/held" &
	wait_line 20 "$LAB_DIR/held" held
	asks 1 POST '/start?label=mine'
	assert_eq 200 "$STATUS" "a VM beside one that holds 400 half requests"
	stop_on lab_vm0 half
	lab_vm 0 python3 -c "$ODD"
	asks 1 POST '/start?label=mine'
	assert_eq 200 "$STATUS" "after bytes that are no request"
	assert_eq "$id" "$(live | grep '^runner-10.0.3.8-')" "the session of the VM beside it"
	ok "half requests and odd bytes of one VM are nothing to the next"
}

shows_strangers() {
	local elsewhere

	assert_fails "a request from the public side" lab_client curl -sS --max-time 5 "$URL/circleci"
	assert_match 'Empty reply|reset by peer' "$LAB_DIR/refused" "what a stranger gets"
	runner_crash
	runner_start
	api DELETE "/v1/builds/$(live | grep '^runner-10.0.3.7-')"
	put_build theirs 0
	asks 0 POST '/start?label=mine'
	assert_eq 409 "$STATUS" "status for a VM that the orchestrator declared: $ANSWER"
	wait_line 10 "$LAB_DIR/log/runner" \
		'Requests of a VM were refused\. vm=10\.0\.3\.7 job=mine build=theirs requests=1 reason="A build that was not declared here'
	[[ $ANSWER != *theirs* ]] || fail "a VM is told of the orchestrator's build: $ANSWER"
	state_of theirs running >/dev/null || fail "the orchestrator's build was ended by its VM"
	assert_fails "no address to listen on" "$RUNNER" -c "$LAB_DIR/runner.conf"
	nsenter --net="/run/netns/$LAB_NS-edge" "$RUNNER" -c "$LAB_DIR/runner.conf" -l 127.0.0.1:9467 >"$LAB_DIR/side" 2>&1 &
	elsewhere=$!
	wait_line 10 "$LAB_DIR/side" "VMs are listened to"
	kill "$elsewhere"
	wait "$elsewhere" || fail "exit status of the other after SIGTERM: $?"
	assert_match "warning: This address is not of the builds' side.* listen=127.0.0.1:9467" "$LAB_DIR/side" "the log"
	! grep -q "not of the builds' side" "$LAB_DIR/log/runner" || fail "an address of the builds' side is warned of"
	assert_fails "every address to listen on" "$RUNNER" -c "$LAB_DIR/runner.conf" -l 0.0.0.0:9465
	assert_fails "an allow-list with a mistake" "$RUNNER" -c "$LAB_DIR/runner.conf" -l 127.0.0.1:9465 -a 10.0.0.0/99
	kill -TERM "$RUNNER_PID"
	wait "$RUNNER_PID" || fail "exit status after SIGTERM: $?"
	ok "who is no VM is not heard, and the orchestrator's builds are not a VM's to end"
}

need_programs
lab_begin 2
# The tree may be where a VM's user cannot look: /root, say.
RUNNERS=$LAB_DIR/bin
mkdir "$RUNNERS"
install -m755 "$RUNNER" "$(dirname "$0")/../../configs/runners"/* "$RUNNERS/"
install -m644 "$LAB_CONFIG" "$LAB_DIR/runner.conf"
control_start
runner_start -p 60
shows_circleci
runner_crash
runner_start -p 60
shows_github
shows_buildkite
shows_gitlab
shows_jenkins
shows_that_jobs_go_on
shows_hostile_vms
shows_strangers
