#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The session that README shows, and its picture: docs/images/session.cast and session.svg. Needs root.
#
#	session.sh          record both, in a lab of its own, a minute long
#	session.sh check    play the session again, and compare what it says
#	session.sh svg      print the picture of the cast
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
images=$(cd "$here/../.." && pwd)/docs/images
# shellcheck source=tests/lab/lab.sh
. "$here/../lab/lab.sh"

# session_play VERB…: session.py in the lab that stands; its own arguments come first.
session_play() {
	local edge client

	edge=$(session_shell "exec nsenter --net=/run/netns/$LAB_NS-edge bash --norc --noprofile -i")
	client=$(session_shell 'machine_enter client dev bash --norc --noprofile -i')
	PATH=$(dirname "$(lab_cli_path)"):$PATH SALLYPORT_SOCKET=$LAB_SOCKET \
		python3 "$here/session.py" "$@" "$edge" "$client"
}

# Prints a command that runs $1 with the lab at hand.
session_shell() {
	printf 'bash -c %q' "SALLYPORT_BUILD=$SALLYPORT_BUILD . $LAB_SOURCE/lab.sh; lab_attach $LAB_ID; $1"
}

case ${1:-record} in
record)
	lab_begin 2
	lab_start
	session_play record >"$LAB_DIR/cast"
	cp "$LAB_DIR/cast" "$images/session.cast"
	"$here/session_svg.py" "$images/session.cast" >"$LAB_DIR/svg"
	cp "$LAB_DIR/svg" "$images/session.svg"
	;;
check)
	lab_begin 2
	lab_start
	session_play check "$images/session.cast"
	;;
svg) "$here/session_svg.py" "$images/session.cast" ;;
*)
	echo "usage: session.sh [record | check | svg]" >&2
	exit 2
	;;
esac
