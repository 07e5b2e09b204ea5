/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/bundle/redact/rules.h"

const struct redact_rules redact_rules_version = {{
	[REDACT_PLAIN] = "version api table",
}};

const struct redact_rules redact_rules_status = {{
	[REDACT_INSIDE] =
		"engines xdp dpdk workers queues kernel interfaces redirects announcement "
		"fleet said store members edges clock",
	[REDACT_FIGURES] =
		"bytes verdicts builds endpoints allow_lists ports events hooks explained "
		"connections lost hints",
	[REDACT_SENTENCE] = "warnings problem why reason member url",
	[REDACT_PLAIN] =
		"name version started_at now engine carrying left_to_xdp workers_yield packets "
		"index pid "
		"alive active rounds interface queue beat_age_us fresh nodes leases_live "
		"leases_expected "
		"journal_errors journal_failing_since calls_waiting "
		"cuts made owed unrecorded room "
		"table ifindex attachment mode foreign link_pinned link_path link_id prog_id "
		"prog_name prog_tag local_addresses hosts_refused neighbours resyncs called "
		"attachments_lost attachments_restored corrected netlink counted "
		"announced since drain withdraws_at "
		"fresh heard_at edge current waiting refused clock_limit_ms followed adopted "
		"revision epoch reachable leads self lost_at behind lag_ms applied removed "
		"synchronised bound_ms ahead_ms",
}};

const struct redact_rules redact_rules_pools = {{
	[REDACT_INSIDE] = "pools",
	[REDACT_FIGURES] = "total used free quarantined",
	[REDACT_ADDRESS] = "address",
	[REDACT_PLAIN] = "pool advertise",
}};

const struct redact_rules redact_rules_builds = {{
	[REDACT_INSIDE] = "builds nodes forwards usage",
	[REDACT_FIGURES] = "to_vm to_client",
	[REDACT_ADDRESS] = "address allow",
	[REDACT_PLAIN] =
		"id state reason created_at finished_at connected_at ended_at deadline remaining_s "
		"extendable_until linger_s keys_as_of index port public_host public_port pool name "
		"protocol last_seen_at",
	[REDACT_SECRET] = "title user organisation actors key_fingerprints host_keys ssh",
}};

const struct redact_rules redact_rules_connect = {{
	[REDACT_INSIDE] = "nodes forwards clients",
	[REDACT_ADDRESS] = "client",
	[REDACT_PLAIN] = "id view state deadline remaining_s connected keys_as_of "
			 "clients_left_out index public_host public_port name protocol port "
			 "forward since connections",
	[REDACT_SECRET] = "title actors key_fingerprints ssh",
}};

const struct redact_rules redact_rules_diagnose = {{
	[REDACT_INSIDE] = "nodes latest",
	[REDACT_ADDRESS] = "client",
	[REDACT_SENTENCE] = "certain likely next",
	[REDACT_PLAIN] = "build index case connections accepted opened_at open closed_by "
			 "bytes_to_vm bytes_to_client",
}};

const struct redact_rules redact_rules_attestation = {{
	[REDACT_INSIDE] = "leases clients",
	[REDACT_ADDRESS] = "client address",
	[REDACT_PLAIN] = "id state reason enabled_at finished_at connected_at ended_at touched "
			 "node forward public_address public_port port "
			 "connections likely_logins first_at last_at",
	[REDACT_SECRET] = "title organisation actors",
}};

const struct redact_rules redact_rules_connections = {{
	[REDACT_INSIDE] = "connections",
	[REDACT_ADDRESS] = "client",
	[REDACT_PLAIN] = "edge number build node forward public_address public_port client_port "
			 "opened_at accepted closed_at closed_by bytes_to_vm bytes_to_client next",
	[REDACT_SECRET] = "actors",
}};

const struct redact_rules redact_rules_audit = {{
	[REDACT_INSIDE] = "changes",
	[REDACT_PLAIN] = "number changed_at uid pid what build revision next",
}};

const struct redact_rules redact_rules_events = {{
	[REDACT_SENTENCE] = "detail",
	[REDACT_PLAIN] =
		"seq time type build node before why reason deadline remaining_s free_ports pool "
		"lost_ms count hook failed_seq "
		"packets",
}};

const struct redact_rules redact_rules_doctor = {{
	[REDACT_SENTENCE] = "says",
	[REDACT_PLAIN] = "check grade",
	[REDACT_SECRET] = "cure",
}};

const struct redact_rules redact_rules_table = {{
	[REDACT_INSIDE] = "meta settings engines xdp dpdk workers queues",
	[REDACT_FIGURES] = "bytes verdicts slots lost hints",
	[REDACT_ADDRESS] = "networks",
	[REDACT_PLAIN] =
		"version slot_bytes nr_publics nr_buckets nr_allow nr_usage nr_cpus nr_workers "
		"engine_mode fallback failover_ns public_ifindex builds_ifindex explain carrying "
		"packets index pid alive active rounds interface queue beat_age_us fresh",
}};

const struct redact_rules redact_rules_interfaces = {{
	[REDACT_INSIDE] = "xdp prog attached linkinfo addr_info stats64 stats rx tx",
	[REDACT_LINK] = "address broadcast permaddr",
	[REDACT_ADDRESS] = "local peer",
	[REDACT_PLAIN] =
		"ifindex link_index link ifname flags mtu qdisc operstate linkmode group txqlen "
		"link_type master link_netnsid promiscuity allmulti min_mtu max_mtu info_kind "
		"info_slave_kind num_tx_queues num_rx_queues gso_max_size gso_max_segs "
		"tso_max_size tso_max_segs gro_max_size gso_ipv4_max_size gro_ipv4_max_size "
		"parentbus parentdev family prefixlen scope label dynamic mngtmpaddr noprefixroute "
		"nodad tentative deprecated temporary valid_life_time preferred_life_time mode id "
		"name tag jited load_time created_by_uid btf_id bytes packets errors dropped "
		"over_errors multicast length_errors crc_errors frame_errors fifo_errors "
		"missed_errors nohandler carrier_errors collisions aborted_errors window_errors "
		"heartbeat_errors carrier_changes",
}};

const struct redact_rules redact_rules_routes = {{
	[REDACT_INSIDE] = "nexthops via metrics",
	[REDACT_ADDRESS] = "dst gateway prefsrc src from host",
	[REDACT_PLAIN] = "type dev protocol scope table metric flags pref family weight mtu lock "
			 "expires nhid",
}};

const struct redact_rules redact_rules_of_routing = {{
	[REDACT_ADDRESS] = "src dst",
	[REDACT_PLAIN] = "priority srclen dstlen table action iif oif fwmark fwmask not protocol "
			 "suppress_prefixlen ipproto",
}};

const struct redact_rules redact_rules_neighbours = {{
	[REDACT_ADDRESS] = "dst",
	[REDACT_LINK] = "lladdr",
	[REDACT_PLAIN] = "dev state used confirmed updated probes router proxy extern_learn "
			 "managed offload refcnt protocol",
}};

const struct redact_rules redact_rules_bpf = {{
	[REDACT_INSIDE] = "xdp tc flow_dissector netfilter",
	[REDACT_PLAIN] = "devname ifindex mode id kind name type prog_id prog_type attach_type "
			 "netns_ino prog_flags link_id",
	[REDACT_SECRET] = "pids pinned",
}};

const struct redact_rules redact_rules_journal = {{
	[REDACT_LOG] = "MESSAGE",
	[REDACT_PLAIN] = "__REALTIME_TIMESTAMP PRIORITY UNIT _BOOT_ID _COMM _PID "
			 "_SYSTEMD_UNIT _TRANSPORT",
	[REDACT_SECRET] = "__CURSOR __MONOTONIC_TIMESTAMP",
}};
