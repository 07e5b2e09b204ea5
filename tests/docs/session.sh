#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The session that README shows, and its picture: docs/images/session.cast and session.svg. Sourced by
# run.sh, which plays the session again and compares; as a command it records both anew. Needs root.
#
#	session.sh      record, a minute long
session_images=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/docs/images

# session_play VERB…: session.py in the lab that stands; its own arguments come first.
session_play() {
	local edge client

	edge=$(session_shell "exec nsenter --net=/run/netns/$LAB_NS-edge bash --norc --noprofile -i")
	client=$(session_shell 'machine_enter client dev bash --norc --noprofile -i')
	PATH=$(dirname "$(lab_cli_path)"):$PATH SALLYPORT_SOCKET=$LAB_SOCKET \
		python3 "$(dirname "${BASH_SOURCE[0]}")/session.py" "$@" "$edge" "$client"
}

# Prints a command that runs $1 with the lab at hand.
session_shell() {
	printf 'bash -c %q' "SALLYPORT_BUILD=$SALLYPORT_BUILD . $LAB_SOURCE/lab.sh; lab_attach $LAB_ID; $1"
}

session_svg() {
	python3 "$(dirname "${BASH_SOURCE[0]}")/session_svg.py" "$session_images/session.cast"
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
	set -euo pipefail
	# shellcheck source=tests/lab/lab.sh
	. "$(dirname "$0")/../lab/lab.sh"
	lab_begin 2
	lab_start
	session_play record >"$LAB_DIR/cast"
	cp "$LAB_DIR/cast" "$session_images/session.cast"
	session_svg >"$LAB_DIR/svg"
	cp "$LAB_DIR/svg" "$session_images/session.svg"
fi
