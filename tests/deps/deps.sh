#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# The Debian packages that building and testing need (debian-packages.txt beside this file).
#
#	deps.sh check	print those that are missing; exit 1 if there are any
#	deps.sh install	install all of them
#	deps.sh ensure	install only when something is missing
#
# DEPS_LIST names another list, for tests.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
list=${DEPS_LIST:-$here/debian-packages.txt}

fail() {
	echo "deps: $*" >&2
	exit 1
}

wanted() {
	sed -e 's/#.*//' -e 's/[[:space:]]//g' -e '/^$/d' "$list"
}

missing() {
	wanted | while read -r package; do
		status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || status=absent
		[ "$status" = installed ] || echo "$package"
	done
}

# Daemons among the packages must not be started: nothing here needs a running sshd of the host.
forbid_daemons() {
	policy=/usr/sbin/policy-rc.d
	[ ! -e "$policy" ] || return 0
	trap 'rm -f "$policy"' EXIT
	trap 'exit 130' INT TERM
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
}

install_missing() {
	packages=$(missing | tr '\n' ' ')
	[ -n "$packages" ] || return 0
	[ "$(id -u)" -eq 0 ] || fail "installing packages needs root; missing: $packages"
	command -v apt-get >/dev/null || fail "there is no apt-get; Debian 12 or 13 it must be; missing: $packages"
	forbid_daemons
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -q </dev/null
	# shellcheck disable=SC2086 # a list of words
	apt-get install -q -y --no-install-recommends $packages </dev/null
	packages=$(missing | tr '\n' ' ')
	[ -z "$packages" ] || fail "still missing after the installation: $packages"
}

case ${1:-} in
check)
	packages=$(missing)
	[ -n "$packages" ] || exit 0
	echo "$packages"
	exit 1
	;;
install | ensure)
	install_missing
	;;
*)
	sed -n '5,9s/^# \{0,1\}//p' "$0" >&2
	exit 2
	;;
esac
