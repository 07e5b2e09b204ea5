# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: BSD-3-Clause
# The edge of a lab as a clean Debian of the suite that this machine has, in $ROOT.
#   PACKAGE_ROOT   a tar of such a root, to save the time of making one

MACHINE_SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# The stand-in for systemctl comes first, for what dpkg runs too.
EDGE_PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# Prints where this machine gets its Debian from, as lines of sources.list.
machine_sources() {
	# shellcheck disable=SC2016 # apt's own
	apt-get indextargets --format 'deb $(REPO_URI) $(CODENAME) $(COMPONENT)' \
		'Created-By: Packages' 'Origin: Debian'
}

# Writes $LAB_DIR/sources; fails where they cannot be reached, and says why.
machine_network() {
	local mirror

	SUITE=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
	machine_sources >"$LAB_DIR/sources"
	[ -s "$LAB_DIR/sources" ] || {
		echo "apt has no source of Debian packages"
		return 1
	}
	read -r _ mirror _ <"$LAB_DIR/sources"
	curl -sSfL --max-time 30 --retry 2 -o "$LAB_DIR/release" "${mirror%/}/dists/$SUITE/Release" 2>&1
}

# Makes $ROOT; what is said is in $LAB_DIR/mmdebstrap.
machine_root() {
	mkdir -p "$ROOT"
	if [ -n "${PACKAGE_ROOT:-}" ]; then
		tar -C "$ROOT" -xf "$PACKAGE_ROOT"
	else
		mmdebstrap --variant=minbase --format=directory --dpkgopt=force-unsafe-io "$SUITE" "$ROOT" \
			"$LAB_DIR/sources" >"$LAB_DIR/mmdebstrap" 2>&1 </dev/null
	fi
}

# Puts a file of packages' dependencies into apt's cache: the edge has no way to the world.
machine_fetch() {
	mkdir -p "$ROOT/debs"
	cp "$@" "$ROOT/debs/"
	cp -L /etc/resolv.conf "$ROOT/etc/resolv.conf"
	# shellcheck disable=SC2016
	chroot "$ROOT" sh -c 'apt-get update -q && apt-get install -q -y --download-only "$@"' sh \
		"${@/#*\///debs/}" >"$LAB_DIR/fetch" 2>&1 </dev/null
}

machine_boot() {
	cp "$MACHINE_SOURCE/systemctl" "$ROOT/usr/local/bin/systemctl"
	: >"$LAB_DIR/log/edge"
	setsid nsenter --net="/run/netns/$LAB_NS-edge" unshare --mount --uts --pid --fork --kill-child=KILL \
		--propagation private "$MACHINE_SOURCE/inside.sh" "$ROOT" >"$LAB_DIR/log/edge" 2>&1 </dev/null &
	MACHINE_PID=$!
	disown
	wait_line 20 "$LAB_DIR/log/edge" '^ready$'
}

# Runs a command on the edge as root.
on_edge() {
	nsenter --target "$(pgrep -P "$MACHINE_PID" | head -n1)" --net --mount --uts --pid --root --wd \
		env -i HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
		PATH=$EDGE_PATH "$@"
}

machine_end() {
	kill -9 "$MACHINE_PID"
	wait_gone 10 "$MACHINE_PID"
}

# apt VERB ARGUMENT…: on the edge; what it says is in $LAB_DIR/apt.
apt() {
	on_edge sh -c "apt-get -q -y -o Dpkg::Use-Pty=0 -o DPkg::Path=$EDGE_PATH $*" >"$LAB_DIR/apt" 2>&1 </dev/null
}

# must_apt VERB ARGUMENT…: the same, and it succeeds.
must_apt() {
	apt "$@" || fail "apt-get $*: $(tail -n40 "$LAB_DIR/apt")"
}

# newer FROM TO SUFFIX: the packages of directory FROM as a version that is higher by SUFFIX, whose
# programs are others and do the same: bytes behind an ELF file do nothing.
newer() {
	local file program

	mkdir -p "$2"
	for file in "$1"/sallyport_*.deb "$1"/sallyport-dataplane_*.deb; do
		rm -rf "$LAB_DIR/unpacked"
		dpkg-deb -R "$file" "$LAB_DIR/unpacked"
		sed -i -E "s/^(Version: .*|Depends:.*sallyport \(= [^)]*|Recommends:.*sallyport-dataplane \(= [^)]*)/\1$3/" \
			"$LAB_DIR/unpacked/DEBIAN/control"
		for program in "$LAB_DIR"/unpacked/usr/sbin/*; do
			[ "$(head -c4 "$program" | tail -c3)" != ELF ] || echo "$3" >>"$program"
		done
		dpkg-deb --root-owner-group -b "$LAB_DIR/unpacked" "$2" >"$LAB_DIR/said"
	done
}
