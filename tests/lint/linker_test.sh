#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The linker refuses a call upward: a room is linked whole with the rooms below it alone.
#   linker_test.sh CC LIBRARY-OF-THE-ROOM LIBRARY-BELOW…
set -eu
cc=$1 library=$2
shift 2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# plant CALLED: a copy of the room with one more file, linked as the build does it.
plant() {
	called=$1
	printf 'int %s(void);\nint planted(void);\nint planted(void)\n{\n\treturn %s();\n}\n' \
		"$called" "$called" >"$dir/$called.c"
	"$cc" -fPIC -c "$dir/$called.c" -o "$dir/$called.o"
	shift
	"$cc" -shared -Wl,--no-undefined -o "$dir/$called.so" -Wl,--whole-archive "$library" \
		-Wl,--no-whole-archive "$dir/$called.o" "$@" >"$dir/said" 2>&1
}

echo 1..2
if plant model_event_type_name "$@"; then
	echo "ok 1 - a call within the room links"
else
	sed 's/^/# /' "$dir/said"
	echo "not ok 1 - a call within the room links"
fi
if plant edge_notes_audit "$@"; then
	echo "not ok 2 - a call upward does not link"
elif grep -q 'undefined reference to .edge_notes_audit' "$dir/said"; then
	echo "ok 2 - a call upward does not link"
else
	sed 's/^/# /' "$dir/said"
	echo "not ok 2 - a call upward does not link, for that reason"
fi
