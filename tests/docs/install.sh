# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: BSD-3-Clause
# Sourced by run.sh: `meson install` puts everything where a Debian system looks for it.

installed_files() {
	cat <<-EOT
		usr/bin/sallyport
		usr/sbin/sallyport-dp
		usr/sbin/sallyport-fleet
		usr/sbin/sallyport-hooks
		usr/sbin/sallyport-runner
		usr/sbin/sallyport-upgrade
		usr/sbin/sallyportd
		usr/share/bash-completion/completions/sallyport.bash
		usr/share/fish/vendor_completions.d/sallyport.fish
		usr/share/zsh/vendor-completions/_sallyport
		usr/share/man/man1/sallyport.1
		usr/share/man/man5/sallyport.conf.5
		usr/share/man/man7/sallyport-figures.7
		usr/share/man/man7/sallyport-verdicts.7
		usr/share/man/man8/sallyport-dp.8
		usr/share/man/man8/sallyport-fleet.8
		usr/share/man/man8/sallyport-hooks.8
		usr/share/man/man8/sallyport-runner.8
		usr/share/man/man8/sallyport-upgrade.8
		usr/share/man/man8/sallyportd.8
		usr/lib/systemd/system/sallyport-dp.service
		usr/lib/systemd/system/sallyport-fleet.service
		usr/lib/systemd/system/sallyport-hold.service
		usr/lib/systemd/system/sallyport-hooks.service
		usr/lib/systemd/system/sallyport-runner.service
		usr/lib/systemd/system/sallyportd.service
		usr/lib/sysusers.d/sallyport.conf
		usr/lib/tmpfiles.d/sallyport.conf
		usr/share/sallyport/hooks.d/power-off-on-ended
		usr/share/sallyport/routes/bird.conf
		usr/share/sallyport/routes/frr.conf
		usr/share/sallyport/runners/sallyport-job
		usr/share/sallyport/runners/gitlab-job
		usr/share/sallyport/runners/github-job-started.sh
		usr/share/sallyport/runners/github-job-completed.sh
		usr/share/sallyport/runners/buildkite-pre-command
		usr/share/sallyport/runners/buildkite-pre-exit
		usr/share/sallyport/runners/jenkins-sallyport.groovy
		usr/share/sallyport/runners/circleci-runner-config.yaml
		usr/share/doc/sallyport/examples/minimal.conf
		usr/share/doc/sallyport/examples/sallyport.conf
		usr/share/doc/sallyport/examples/dual-stack.conf
		usr/share/doc/sallyport/examples/dpdk.conf
	EOT
}

# systemd-analyze knows the units' directives, and finds the programs they start: those installed.
check_unit() {
	local unit=$1

	mkdir -p "$scratch/units"
	sed "s|/usr/sbin/|$scratch/root/usr/sbin/|" "$scratch/root/usr/lib/systemd/system/$unit" \
		>"$scratch/units/$unit"
	systemd-analyze verify --man=no "$scratch/units/$unit" >"$scratch/said" 2>&1 &&
		! grep "$unit:" "$scratch/said"
	result $? "$unit: systemd-analyze verify" "$scratch/said"
	systemd-analyze security --offline=yes --threshold=40 "$scratch/units/$unit" \
		>"$scratch/said" 2>&1
	result $? "$unit: systemd-analyze security, exposure at most 4.0" "$scratch/said"
}

# The unit's daemon may ask how good the clock is: nothing of its filter refuses that, and nobody can set it.
check_clock() {
	local unit=$scratch/root/usr/lib/systemd/system/$1

	! grep -q '^ProtectClock=yes' "$unit" && ! grep -q '^CapabilityBoundingSet=.*CAP_SYS_TIME' "$unit" &&
		grep -qE '^SystemCallFilter=@.* adjtimex clock_adjtime' "$unit"
	result $? "$1: may ask the clock, and not set it" "$unit"
}

check_install() {
	local file

	mkdir -p "$scratch/root/etc/sallyport"
	echo mine >"$scratch/root/etc/sallyport/sallyport.conf"
	DESTDIR=$scratch/root meson install -C "$SALLYPORT_BUILD" --no-rebuild >"$scratch/said" 2>&1
	result $? "meson install" "$scratch/said"
	while read -r file; do
		test -s "$scratch/root/$file"
		result $? "installed: $file"
	done < <(installed_files)
	diff <(echo mine) <(cd "$scratch/root/etc" && find . -type f -exec cat {} +) >"$scratch/said"
	result $? "an installation leaves the configuration as it is, and adds none" "$scratch/said"
	check_unit sallyportd.service
	check_unit sallyport-dp.service
	check_unit sallyport-fleet.service
	check_unit sallyport-hold.service
	check_unit sallyport-hooks.service
	check_unit sallyport-runner.service
	check_clock sallyportd.service
	check_clock sallyport-fleet.service
}
