/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of verbs: parser, help, completion and sallyport(1) are made from it. */
#include "cli/talk/talk.h"
#include "host/config.h"

#define BUILD_STATES "reserved running finished ended"

const struct cli_option cli_verbs_common_options[] = {
	{"--socket", "SOCKET", NULL, "the daemon's socket; else $SALLYPORT_SOCKET", 's'},
	{"--output", "FORMAT", "text json", "default text; of errors too, on stderr", 'o'},
	{"--utc", NULL, NULL, "print times in UTC, not in local time; -o json always has UTC", 0},
	{"--help", NULL, NULL, "print help", 'h'},
	{"--version", NULL, NULL, "print the version of this program", 'V'},
	{0},
};

static const struct cli_option enable_options[] = {
	{"--node", "ADDR[:PORT]", NULL,
	 "a VM's address and SSH port; once for each node; '-' "
	 "promises a port for one that has no address yet",
	 0},
	{"--pool", "POOL", NULL, "the pool that public ports come from; 'default' if not given", 0},
	{"--user", "USER", NULL, "user name for the ssh command", 0},
	{"--title", "TITLE", NULL, "name shown to people", 0},
	{"--allow", "PREFIX", NULL, "clients that may connect; may be repeated; default everybody",
	 0},
	{"--linger", "TIME", NULL, "how long the way in stays open after the build's end", 0},
	{"--max-lifetime", "TIME", NULL, "the latest end, from now", 0},
	{"--connect-within", "TIME", NULL, "end the build if nobody has connected by then", 0},
	{"--supersede", NULL, NULL, "end other builds that hold one of these VM addresses", 0},
	{"--json", "FILE", NULL, "the whole request body from FILE, '-' for stdin", 0},
	{0},
};

static const struct cli_option finish_options[] = {
	{"--at", "TIMESTAMP", NULL, "when the build ended, not before it was declared; default now",
	 0},
	{0},
};

static const struct cli_option extend_options[] = {
	{"--by", "TIME", NULL, "move the deadline by this much", 0},
	{"--until", "TIMESTAMP", NULL, "move the deadline to this time", 0},
	{0},
};

static const struct cli_option list_options[] = {
	{"--state", "STATE", BUILD_STATES, "only builds in this state", 0},
	{"--actor", "ACTOR", NULL, "only builds of this actor", 0},
	{"--organisation", "NAME", NULL, "only builds of this organisation", 0},
	{"--address", "ADDR", NULL, "only builds of which a VM has this address", 0},
	{"--all", NULL, NULL, "ended ones too, as -o json and --state ended list them", 'a'},
	{"--watch", NULL, NULL, "again every two seconds, until Ctrl-C; reads what has changed",
	 'w'},
	{"--ids", NULL, NULL, "print ids alone, one a line", 0},
	{0},
};

static const struct cli_option top_options[] = {
	{"--delay", "SECONDS", NULL, "look again after so long; default 1", 0},
	{"--sort", "COLUMN", "id state left packets bytes connections actor organisation title",
	 "sort by this column, default left", 0},
	{"--reverse", NULL, NULL, "the other way round", 0},
	{"--filter", "WORDS", NULL,
	 "only builds with all these words in id, state, actors, organisation or title; state:WORD "
	 "and so on looks there alone",
	 0},
	{"--all", NULL, NULL, "ended ones too", 'a'},
	{"--batch", NULL, NULL, "print all of them as text, for scripts; needs no terminal", 0},
	{"--count", "NUMBER", NULL, "with --batch: print so often, default once", 0},
	{0},
};

static const struct cli_option show_options[] = {
	{"--config", NULL, NULL,
	 "each option of the file that the argument names, else " CONFIG_DEFAULT_PATH
	 ", and the line that says so, or default",
	 0},
	{0},
};

static const struct cli_option check_options[] = {
	{"--diff", NULL, NULL,
	 "as root: what differs from what sallyportd goes by, how many open builds that leaves "
	 "outside, and whether a reload applies it; exit 5 if not",
	 0},
	{0},
};

static const struct cli_option connect_options[] = {
	{"--view", "VIEW", "enable wait", "for whom it is, default enable", 0},
	{"--format", "FORMAT", "text markdown json ssh_config known_hosts", "default text", 0},
	{"--clients", NULL, NULL,
	 "for scp, rsync, PuTTY, mosh, VS Code, JetBrains, libraries and others instead", 0},
	{0},
};

static const struct cli_option events_options[] = {
	{"--since", "SEQ", NULL, "start after this sequence number", 0},
	{"--no-follow", NULL, NULL, "print what there is and stop", 0},
	{0},
};

static const struct cli_option sync_options[] = {
	{"--dry-run", NULL, NULL, "only say what would change", 0},
	{"--allow-empty", NULL, NULL, "let an empty set end all builds", 0},
	{0},
};

static const struct cli_option diagnose_options[] = {
	{"--client", "ADDR", NULL, "the address that ssh is tried from", 0},
	{0},
};

static const struct cli_option capture_options[] = {
	{"--write", "FILE", NULL,
	 "into this file; '-', the default, is stdout, for tcpdump or wireshark", 0},
	{"--for", "TIME", NULL, "for so long, up to 1h; default 60s", 0},
	{"--packets", "NUMBER", NULL, "at most so many; default 100000", 0},
	{"--node", "INDEX", NULL, "only of this node", 0},
	{0},
};

static const struct cli_option connections_options[] = {
	{"--build", "ID", NULL, "only of this build", 0},
	{"--open", NULL, NULL, "only those open now", 0},
	{"--public", "ADDR:PORT", NULL, "only to this public address and port", 0},
	{"--at", "TIMESTAMP", NULL, "only those open at this time, or within a minute of it", 0},
	{"--client", "ADDR", NULL, "only from this address", 0},
	{0},
};

static const struct cli_option audit_options[] = {
	{"--build", "ID", NULL, "only of this build", 0},
	{"--public", "ADDR:PORT", NULL,
	 "only of builds while they had this public address and port", 0},
	{"--at", "TIMESTAMP", NULL,
	 "of those that had it at this time; alone: only changes within a minute of it", 0},
	{0},
};

static const struct cli_option attest_options[] = {
	{"--public", "ADDR:PORT", NULL,
	 "instead of an ID: the builds that had this public address and port", 0},
	{"--at", "TIMESTAMP", NULL, "those that had it at this time", 0},
	{"--client", "ADDR", NULL, "look at this client alone", 0},
	{0},
};

static const struct cli_option trace_options[] = {
	{"--from", "ADDR:PORT", NULL, "without a capture: where the packet comes from", 0},
	{"--to", "ADDR:PORT", NULL, "and where it goes", 0},
	{"--protocol", "PROTOCOL", "tcp udp", "default tcp", 0},
	{"--flags", "FLAGS", NULL, "of FSRPAU; default S from a client, A from a VM", 0},
	{"--ttl", "NUMBER", NULL, "its time to live, default 64", 0},
	{"--bytes", "NUMBER", NULL, "length of the IP packet, default its headers alone", 0},
	{"--side", "SIDE", "public builds",
	 "the interface it comes in on; default by its sender's address", 0},
	{"--bpf-dir", "DIR", NULL, "edge.bpf_dir, default " CLI_DEFAULT_BPF_DIR, 0},
	{0},
};

static const struct cli_option pools_options[] = {
	{"--names", NULL, NULL, "print names alone, one a line", 0},
	{0},
};

static const struct cli_option fleet_options[] = {
	{"--adopt", NULL, NULL,
	 "a store that has lost its data counts from here on: builds that it does not have end on "
	 "this edge",
	 0},
	{0},
};

static const struct cli_option drain_options[] = {
	{"--wait", "TIME", NULL,
	 "so long routers have to move, before the routes are withdrawn; default "
	 "announce.drain_wait",
	 0},
	{"--no-follow", NULL, NULL, "do not wait for that", 0},
	{0},
};

static const struct cli_option support_bundle_options[] = {
	{"--build", "ID", NULL, "all about this build, instead of a list of builds", 0},
	{"--with-addresses", NULL, NULL, "keep the addresses of clients; default pseudonyms", 0},
	{"--config", "CONFIG", NULL, "the configuration, default " CONFIG_DEFAULT_PATH, 0},
	{0},
};

static const struct cli_example enable_examples[] = {
	{"two VMs of one build, for one network alone",
	 "sallyport enable 48121 --node 10.0.3.7 --node 10.0.3.8 --user ubuntu --allow "
	 "203.0.113.0/24"},
	{"ports now, the VM's address by a later call", "sallyport enable 48121 --node -"},
	{0},
};

static const struct cli_example finish_examples[] = {
	{"the build is over: the way in closes after leases.linger", "sallyport finish 48121"},
	{0},
};

static const struct cli_example cancel_examples[] = {
	{"nothing gets through once this has returned", "sallyport cancel 48121"},
	{"all of one customer's, each with its result; the exit status is the highest",
	 "sallyport cancel $(sallyport list --ids --organisation acme)"},
	{0},
};

static const struct cli_example extend_examples[] = {
	{"half an hour more", "sallyport extend 48121 --by 30m"},
	{"until a time", "sallyport extend 48121 --until 2026-12-01T18:00:00Z"},
	{0},
};

static const struct cli_example list_examples[] = {
	{"those of one customer that run", "sallyport list --state running --organisation acme"},
	{"whose VM has an address, or had it", "sallyport list --all --address 10.0.3.7"},
	{"as they come and go", "sallyport list --watch"},
	{0},
};

static const struct cli_example top_examples[] = {
	{"the builds whose time is over first, live; h is help", "sallyport top"},
	{"which of one customer's carry most, now and ten seconds later",
	 "sallyport top --batch --count 2 --delay 10 --sort bytes --filter org:acme"},
	{0},
};

static const struct cli_example show_examples[] = {
	{"where a value comes from", "sallyport show --config | grep linger"},
	{"the deadline, for a script", "sallyport show 48121 -o json | jq -r .deadline"},
	{0},
};

static const struct cli_example connect_examples[] = {
	{"for ~/.ssh/config", "sallyport connect 48121 --format ssh_config"},
	{"with scp, PuTTY and others", "sallyport connect 48121 --clients"},
	{0},
};

static const struct cli_example diagnose_examples[] = {
	{"what is known about one client", "sallyport diagnose 48121 --client 203.0.113.9"},
	{0},
};

static const struct cli_example capture_examples[] = {
	{"look at it as it comes", "sallyport capture 48121 | tcpdump -nr -"},
	{"ten minutes into a file", "sallyport capture 48121 --for 10m --write build.pcapng"},
	{0},
};

static const struct cli_example attest_examples[] = {
	{"was anybody in?", "sallyport attest 48121 -o json | jq .touched"},
	{"whose port was that?",
	 "sallyport attest --public 192.0.2.1:64784 --at 2026-12-01T18:00:00Z"},
	{0},
};

static const struct cli_example known_hosts_examples[] = {
	{"in ~/.ssh/config", "KnownHostsCommand /usr/bin/sallyport known-hosts %H"},
	{0},
};

static const struct cli_example trace_examples[] = {
	{"would this client get in?",
	 "sallyport trace --from 203.0.113.9:40000 --to 192.0.2.1:64784"},
	{"each packet of a capture", "sallyport trace build.pcapng"},
	{0},
};

static const struct cli_example doctor_examples[] = {
	{"with the configuration of another place", "sallyport doctor /etc/sallyport/new.conf"},
	{0},
};

static const struct cli_example support_bundle_examples[] = {
	{"all about one build", "sallyport support-bundle --build 48121"},
	{0},
};

static const struct cli_example connections_examples[] = {
	{"who is connected now", "sallyport connections --open"},
	{"what a report of abuse is about",
	 "sallyport connections --public 192.0.2.1:64784 --at 2026-12-01T18:00:00Z --client "
	 "203.0.113.9"},
	{0},
};

static const struct cli_example audit_examples[] = {
	{"who changed a build", "sallyport audit --build 48121"},
	{0},
};

static const struct cli_example fleet_examples[] = {
	{"which edges are alive, and how far each is", "sallyport fleet"},
	{0},
};

static const struct cli_example drain_examples[] = {
	{"before maintenance: returns once the edge may be stopped", "sallyport drain"},
	{"routers that are slow", "sallyport drain --wait 1m"},
	{0},
};

static const struct cli_example undrain_examples[] = {
	{"after it", "sallyport undrain"},
	{0},
};

static const struct cli_example status_examples[] = {
	{"which engine carries", "sallyport status -o json | jq -r .carrying"},
	{0},
};

static const struct cli_example events_examples[] = {
	{"those that are kept, and all that come, for ever", "sallyport events"},
	{"those that are kept", "sallyport events --no-follow"},
	{0},
};

static const struct cli_example sync_examples[] = {
	{"say first what would change", "sallyport sync builds.json --dry-run"},
	{0},
};

static const struct cli_example pools_examples[] = {
	{"how many ports are left", "sallyport pools"},
	{0},
};

static const struct cli_example version_examples[] = {
	{"both versions", "sallyport version"},
	{0},
};

static const struct cli_example completion_examples[] = {
	{"for this shell alone", "eval \"$(sallyport completion bash)\""},
	{"for one user of fish",
	 "sallyport completion fish >~/.config/fish/completions/sallyport.fish"},
	{0},
};

static const struct cli_example check_examples[] = {
	{"every error, with its line", "sallyport check new.conf"},
	{"before a reload", "sallyport check --diff && sallyportd --reload"},
	{0},
};

static const struct cli_example help_examples[] = {
	{"all about one verb", "sallyport help enable"},
	{0},
};

const struct cli_verb cli_verbs[] = {
	{"enable", "ID", "open the way in to a build's nodes", cli_enable, enable_options,
	 enable_examples},
	{"finish", "ID...", "say that a build has ended: its linger starts", cli_builds_finish,
	 finish_options, finish_examples},
	{"cancel", "ID...", "close the way in now", cli_builds_cancel, NULL, cancel_examples},
	{"extend", "ID...", "move a build's deadline", cli_builds_extend, extend_options,
	 extend_examples},
	{"list", NULL, "list builds that are open", cli_list, list_options, list_examples},
	{"top", NULL, "show builds live: time left, rates, connections, what is dropped", top_run,
	 top_options, top_examples},
	{"show", "[ID]", "show one build, or with --config a configuration as it counts",
	 cli_builds_show, show_options, show_examples},
	{"connect", "ID", "print how to connect", cli_builds_connect, connect_options,
	 connect_examples},
	{"diagnose", "ID", "say what is known about why ssh to a build fails",
	 history_records_diagnose, diagnose_options, diagnose_examples},
	{"capture", "ID",
	 "capture the packets of a build, headers alone, with what becomes of each", cli_capture,
	 capture_options, capture_examples},
	{"attest", "[ID]", "say whether somebody was inside a build's VMs, and who had which port",
	 history_attest, attest_options, attest_examples},
	{"known-hosts", "ALIAS", "print host keys: KnownHostsCommand sallyport known-hosts %H",
	 history_records_known_hosts, NULL, known_hosts_examples},
	{"trace", "[CAPTURE]", "say what becomes of a packet, described or of a capture, and why",
	 trace_run, trace_options, trace_examples},
	{"doctor", "[CONFIG]",
	 "look for what keeps this edge from working; exit 1 if something does", doctor_run, NULL,
	 doctor_examples},
	{"check", "[CONFIG]", "find what is wrong with a configuration, and what a reload changes",
	 cli_check, check_options, check_examples},
	{"support-bundle", "[FILE]",
	 "gather what helps to help, without secrets, in a .tar.gz; '-' for stdout",
	 bundle_support_bundle, support_bundle_options, support_bundle_examples},
	{"connections", NULL, "list connections through leases", history_records_connections,
	 connections_options, connections_examples},
	{"audit", NULL, "list changes and who asked for them", history_records_audit, audit_options,
	 audit_examples},
	{"status", NULL, "show engines, counters and sessions", cli_edge_status, NULL,
	 status_examples},
	{"fleet", NULL, "show the edges of the fleet, as sallyport-fleet knows them", fleet_show,
	 fleet_options, fleet_examples},
	{"drain", NULL,
	 "have routers move to other edges, then withdraw; it stays so, over restarts too",
	 drain_run, drain_options, drain_examples},
	{"undrain", NULL, "have this edge announced to routers again", drain_undo, NULL,
	 undrain_examples},
	{"events", NULL, "follow events, one a line; JSON with -o json", cli_edge_events,
	 events_options, events_examples},
	{"sync", "FILE", "make the set of builds what FILE says, '-' for stdin", cli_edge_sync,
	 sync_options, sync_examples},
	{"pools", NULL, "show the public ports and how many are free", cli_edge_pools,
	 pools_options, pools_examples},
	{"version", NULL, "print the versions of this program and the daemon", cli_edge_version,
	 NULL, version_examples},
	{"completion", "SHELL", "print completion code; SHELL is bash, zsh or fish", cli_complete,
	 NULL, completion_examples},
	{"help", "[VERB]", "say what there is, or all about one verb", cli_help, NULL,
	 help_examples},
	{0},
};
