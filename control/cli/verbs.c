/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of verbs: parser, help and completion are made from it. */
#include "cli/talk/talk.h"
#include "host/config.h"

#define BUILD_STATES "reserved running finished ended"

const struct cli_option cli_verbs_common_options[] = {
	{"--socket", "SOCKET", NULL, "the daemon's socket, also -s; else $SALLYPORT_SOCKET"},
	{"--output", "FORMAT", "text json", "text or json, also -o"},
	{"--help", NULL, NULL, "print help, also -h"},
	{0},
};

static const struct cli_option enable_options[] = {
	{"--node", "ADDR[:PORT]", NULL,
	 "a VM's address and SSH port; once for each node; '-' "
	 "promises a port for one that has no address yet"},
	{"--pool", "NAME", NULL, "the pool that public ports come from; 'default' if not given"},
	{"--user", "USER", NULL, "user name for the ssh command"},
	{"--title", "TITLE", NULL, "name shown to people"},
	{"--allow", "PREFIX", NULL, "clients that may connect; may be repeated; default everybody"},
	{"--linger", "TIME", NULL, "how long the way in stays open after the build's end"},
	{"--max-lifetime", "TIME", NULL, "the latest end, from now"},
	{"--connect-within", "TIME", NULL, "end the build if nobody has connected by then"},
	{"--supersede", NULL, NULL, "end other builds that hold one of these VM addresses"},
	{"--json", "FILE", NULL, "the whole request body from FILE, '-' for stdin"},
	{0},
};

static const struct cli_option finish_options[] = {
	{"--at", "TIME", NULL, "when the build ended (RFC 3339); default now"},
	{0},
};

static const struct cli_option extend_options[] = {
	{"--by", "TIME", NULL, "move the deadline by this much"},
	{"--until", "TIME", NULL, "move the deadline to this time (RFC 3339)"},
	{0},
};

static const struct cli_option list_options[] = {
	{"--state", "STATE", BUILD_STATES, "only builds in this state"},
	{0},
};

static const struct cli_option connect_options[] = {
	{"--view", "VIEW", "enable wait", "enable (default) or wait"},
	{"--format", "FORMAT", "text markdown json ssh_config known_hosts", "default text"},
	{"--clients", NULL, NULL, "for scp, sftp, rsync, PuTTY, dropbear and libraries instead"},
	{0},
};

static const struct cli_option events_options[] = {
	{"--since", "SEQ", NULL, "start after this sequence number"},
	{"--no-follow", NULL, NULL, "print what there is and stop"},
	{0},
};

static const struct cli_option sync_options[] = {
	{"--dry-run", NULL, NULL, "only say what would change"},
	{"--allow-empty", NULL, NULL, "let an empty set end all builds"},
	{0},
};

static const struct cli_option diagnose_options[] = {
	{"--client", "ADDR", NULL, "the address that ssh is tried from"},
	{0},
};

static const struct cli_option capture_options[] = {
	{"--write", "FILE", NULL,
	 "into this file; '-', the default, is stdout, for tcpdump or wireshark"},
	{"--for", "TIME", NULL, "for so long, up to 1h; default 60s"},
	{"--packets", "NUMBER", NULL, "at most so many; default 100000"},
	{"--node", "INDEX", NULL, "only of this node"},
	{0},
};

static const struct cli_option connections_options[] = {
	{"--build", "ID", NULL, "only of this build"},
	{"--open", NULL, NULL, "only those open now"},
	{0},
};

static const struct cli_option audit_options[] = {
	{"--build", "ID", NULL, "only of this build"},
	{0},
};

static const struct cli_option trace_options[] = {
	{"--from", "ADDR:PORT", NULL, "without a capture: where the packet comes from"},
	{"--to", "ADDR:PORT", NULL, "and where it goes"},
	{"--protocol", "PROTOCOL", "tcp udp", "tcp (default) or udp"},
	{"--flags", "FLAGS", NULL, "of FSRPAU; default S from a client, A from a VM"},
	{"--ttl", "NUMBER", NULL, "its time to live, default 64"},
	{"--bytes", "NUMBER", NULL, "length of the IP packet, default its headers alone"},
	{"--side", "SIDE", "public builds",
	 "the interface it comes in on; default by its sender's address"},
	{"--bpf-dir", "DIR", NULL, "edge.bpf_dir, default " CLI_DEFAULT_BPF_DIR},
	{0},
};

static const struct cli_option support_bundle_options[] = {
	{"--build", "ID", NULL, "all about this build, instead of a list of builds"},
	{"--with-addresses", NULL, NULL, "keep the addresses of clients; default pseudonyms"},
	{"--config", "CONFIG", NULL, "the configuration, default " CONFIG_DEFAULT_PATH},
	{0},
};

const struct cli_verb cli_verbs[] = {
	{"enable", "ID", "open the way in to a build's nodes", cli_enable, enable_options},
	{"finish", "ID", "say that a build has ended: its linger starts", cli_builds_finish,
	 finish_options},
	{"cancel", "ID", "close the way in now", cli_builds_cancel, NULL},
	{"extend", "ID", "move a build's deadline", cli_builds_extend, extend_options},
	{"list", NULL, "list builds", cli_builds_list, list_options},
	{"show", "ID", "show one build", cli_builds_show, NULL},
	{"connect", "ID", "print how to connect", cli_builds_connect, connect_options},
	{"diagnose", "ID", "say what is known about why ssh to a build fails", cli_records_diagnose,
	 diagnose_options},
	{"capture", "ID",
	 "capture the packets of a build, headers alone, with what becomes of each", cli_capture,
	 capture_options},
	{"attest", "ID", "say whether somebody was inside a build's VMs", cli_records_attest, NULL},
	{"known-hosts", "ALIAS", "print host keys: KnownHostsCommand sallyport known-hosts %H",
	 cli_records_known_hosts, NULL},
	{"trace", "[CAPTURE]", "say what becomes of a packet, described or of a capture, and why",
	 trace_run, trace_options},
	{"doctor", "[CONFIG]",
	 "look for what keeps this edge from working; exit 1 if something does", doctor_run, NULL},
	{"support-bundle", "[FILE]",
	 "gather what helps to help, without secrets, in a .tar.gz; '-' for stdout",
	 bundle_support_bundle, support_bundle_options},
	{"connections", NULL, "list connections through leases", cli_records_connections,
	 connections_options},
	{"audit", NULL, "list changes and who asked for them", cli_records_audit, audit_options},
	{"status", NULL, "show engines, counters and sessions", cli_edge_status, NULL},
	{"events", NULL, "follow events, one JSON object a line", cli_edge_events, events_options},
	{"sync", "FILE", "make the set of builds what FILE says, '-' for stdin", cli_edge_sync,
	 sync_options},
	{"pools", NULL, "show the public ports and how many are free", cli_edge_pools, NULL},
	{"version", NULL, "print the versions of this program and the daemon", cli_edge_version,
	 NULL},
	{"completion", "SHELL", "print completion code; SHELL is bash", cli_completion, NULL},
	{0},
};
