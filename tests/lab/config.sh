# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# A lab's sallyport.conf. Set these before lab_begin, or write the file again and restart:
#   LAB_ENGINE dpdk|xdp   LAB_FALLBACK xdp|none   LAB_PORTS   LAB_WORKERS   LAB_HUGEPAGES
#   LAB_NAPI_THREADS
#   LAB_NAME: of the edge, the lab's if not set
#   LAB_LINGER   LAB_MAX_LIFETIME   LAB_MAX_EXTENSION   LAB_QUARANTINE   LAB_EXPLAIN
#   LAB_ADDRESSES: more items of public.addresses, each after a comma
#   LAB_NETWORKS: more items of builds.networks, the same
#   LAB_LEASES: more keys of leases
#   LAB_LIMITS: keys of limits   LAB_UNLIMITED=1: a client may dial as often as it likes
#   LAB_EXTRA_PUBLIC, LAB_EXTRA_BUILDS, LAB_EXTRA_API, LAB_EXTRA_DATAPLANE: keys of those groups
#   LAB_EXTRA: whole groups, after the others

config_write() {
	local limits=${LAB_LIMITS:-}

	[ -z "${LAB_UNLIMITED:-}" ] || limits+=' syn_per_source = "0"; syn_per_lease = "0";'
	cat <<-EOT
		edge: {
			name = "${LAB_NAME:-$LAB_NS}";
			state_dir = "$LAB_DIR/state";
			run_dir = "$LAB_DIR/run";
			bpf_dir = "$LAB_BPF_DIR";
		};
		public: {
			interface = "${LAB_PUBLIC_INTERFACE:-public}"; ${LAB_EXTRA_PUBLIC:-}
			addresses = ( {
				bind = "$LAB_PUBLIC_ADDRESS";
				advertise = "$LAB_PUBLIC_ADDRESS";
				ports = [ ${LAB_PORT_LIST:-"\"${LAB_PORTS:-64535-65535}\""} ];
			} ${LAB_ADDRESSES:-} );
		};
		builds: {
			interface = "builds"; ${LAB_EXTRA_BUILDS:-}
			networks = [ "10.0.0.0/16" ${LAB_NETWORKS:-} ];
		};
		leases: {
			linger = "${LAB_LINGER:-30m}";
			max_lifetime = "${LAB_MAX_LIFETIME:-24h}";
			max_extension = "${LAB_MAX_EXTENSION:-4h}";
			quarantine = "${LAB_QUARANTINE:-10m}";
			explain = "${LAB_EXPLAIN:-full}";
			${LAB_LEASES:-}
		};
		dataplane: {
			engine = "${LAB_ENGINE:-dpdk}";
			fallback = "${LAB_FALLBACK:-xdp}";
			driver = "af_xdp";
			workers = ${LAB_WORKERS:-1};
			idle = "${LAB_IDLE:-adaptive}";
			failover = "${LAB_FAILOVER:-2ms}";
			hugepages = ${LAB_HUGEPAGES:-false};
			napi_threads = "${LAB_NAPI_THREADS:-auto}";
			${LAB_EXTRA_DATAPLANE:-}
		};
		api: {
			socket = "$LAB_SOCKET"; ${LAB_EXTRA_API:-}
		};
		${limits:+limits: { $limits \};}
		${LAB_EXTRA:-}
	EOT
}

# Raises the number of hugepages to $1 for this lab; lab_remove puts the old number back.
hugepages_raise() {
	local before

	before=$(cat /proc/sys/vm/nr_hugepages)
	[ "$before" -ge "$1" ] && return 0
	echo "$before" >"$LAB_DIR/hugepages"
	echo "$1" >/proc/sys/vm/nr_hugepages
}

hugepages_restore() {
	[ -e "$LAB_DIR/hugepages" ] || return 0
	cat "$LAB_DIR/hugepages" >/proc/sys/vm/nr_hugepages
}
