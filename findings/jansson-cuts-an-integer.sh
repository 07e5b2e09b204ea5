#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# libjansson4 2.14-2. json_loads() keeps integers of 64 bits and refuses greater ones ("too big integer"),
# and json_unpack() fails with -1 for a value of another type, a real for "i" among them. The manual
# (Parsing and Validating Values) says that "i" makes an int of an integer, not what of one that is
# too great for it. One would guess: json_unpack() fails there too.
# It succeeds, and the number is cut to its lower 32 bits, without a word. "I", which takes a json_int_t,
# has it whole. Seen:
#
#   4294967298: "i" 0, 2; "I" 0, 4294967298.  3.0: "i" -1.  9223372036854775808: not read
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get download -qq -o APT::Sandbox::User=root libjansson4=2.14-2 >/dev/null
dpkg -x ./*.deb root
/usr/bin/python3 - "$(find root -name 'libjansson.so.4')" <<'PY'
import ctypes, sys
jansson = ctypes.CDLL(sys.argv[1])
jansson.json_loads.restype = ctypes.c_void_p
jansson.json_loads.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_void_p]
jansson.json_unpack.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
def unpack(text, form, kind):
    value, root = kind(-1), jansson.json_loads(text, 0, None)
    if root is None:
        return "not read"
    return jansson.json_unpack(root, form, ctypes.byref(value)), value.value
seen = [unpack(b"[4294967298]", b"[i]", ctypes.c_int), unpack(b"[4294967298]", b"[I]", ctypes.c_longlong),
        unpack(b"[3.0]", b"[i]", ctypes.c_int), unpack(b"[9223372036854775808]", b"[I]", ctypes.c_longlong)]
if seen != [(0, 2), (0, 4294967298), (-1, -1), "not read"]:
    sys.exit("it is different now: %s" % seen)
PY
