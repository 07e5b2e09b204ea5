# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# README's "Use it", followed to the letter on a machine that has never seen sallyport, ends in a login.
# `make deb` alone was run elsewhere, as it says: in the image's root, by tree.sh.

readme_cases() {
	echo "readme readme_case"
}

# Prints the commands of the fenced block of kind $1 in section $2 of README.
readme_block() {
	sed -n "/^## $2\$/,/^## /p" "$VM_HERE/../../README.md" | sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/p" |
		sed -e '/^```/d' -e 's/^# //'
}

# What a person does in an editor: the names of this host's interfaces.
readme_editor() {
	edge "cat >/usr/local/bin/editor && chmod +x /usr/local/bin/editor" <<-EOT
		#!/bin/sh
		exec sed -i -e 's/"eth0"/"public0"/' -e 's/"eth1"/"builds0"/' "\$1"
	EOT
}

# readme_follow BLOCK: runs each line in the edge.
readme_follow() {
	local line

	while read -r line <&4; do
		echo "# $line"
		[ "$line" != "make deb" ] || line='ls build/deb/*.deb'
		edge "cd $VM_TREE && $line" | tee -a "$VM_RUN/printed"
	done 4<"$1"
}

readme_case() {
	edge "$VM_TREE/tests/vm/edge-config.sh xdp 0; rm -r /etc/sallyport; ! command -v sallyportd"
	readme_editor
	readme_block console 'Use it' >"$VM_RUN/commands"
	readme_block sh 'Use it' >"$VM_RUN/session"
	[ "$(wc -l <"$VM_RUN/commands")" -ge 2 ]
	readme_follow "$VM_RUN/commands"
	: >"$VM_RUN/printed"
	sed '/^sallyport finish/,$ d' "$VM_RUN/session" >"$VM_RUN/commands"
	readme_follow "$VM_RUN/commands"
	sed -n '/^sallyport finish/,$ p' "$VM_RUN/session" >"$VM_RUN/commands"
	read -ra ssh < <(grep -oE 'ssh -p .*@[0-9a-f.:]+' "$VM_RUN/printed")
	[ "$(client "${ssh[0]}" "${NIC_SSH[@]}" "${ssh[@]:1}" hostname)" = vm0 ]
	readme_follow "$VM_RUN/commands"
	echo "${ssh[*]}" >"$VM_RUN/result"
}
