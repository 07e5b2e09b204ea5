#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# libssh2-1 1.10.0-3+deb12u1, which curl's sftp:// and many others have. libssh2_knownhost_readline(3) and
# _readfile(3) read a file of OpenSSH's kind, where a line may be for hosts by a pattern, with * and ? (sshd(8),
# SSH_KNOWN_HOSTS FILE FORMAT), and ssh does not mind the case. One would guess: what ssh finds in the file, libssh2
# finds.
# The names are compared as they are: a line for *.ci.example.org is read without an error and is for the host of
# just that name, and one for B7.ci.example.org is not for b7.ci.example.org. A list of names with commas is
# understood. Seen, of the host b7.ci.example.org:
#
#   *.ci.example.org, b?.ci.example.org and B7.ci.example.org: ssh-keygen -F: found; libssh2: NOTFOUND
#   a.example.org,b7.ci.example.org: found by both
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get download -qq -o APT::Sandbox::User=root libssh2-1=1.10.0-3+deb12u1 openssh-client=1:9.2p1-2+deb12u10 >/dev/null
for package in ./*.deb; do dpkg -x "$package" root; done
cat >find.py <<'PY'
import base64, ctypes, sys
library, host, keyword = ctypes.CDLL(sys.argv[1]), b"b7.ci.example.org", 1 | 1 << 16
pointer, text, size = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t
library.libssh2_session_init_ex.restype = library.libssh2_knownhost_init.restype = pointer
library.libssh2_session_init_ex.argtypes = [pointer] * 4
library.libssh2_knownhost_init.argtypes = [pointer]
library.libssh2_knownhost_readline.argtypes = [pointer, text, size, ctypes.c_int]
library.libssh2_knownhost_checkp.argtypes = [pointer, text, ctypes.c_int, text, size, ctypes.c_int, pointer]
session = library.libssh2_session_init_ex(None, None, None, None)
for line in open("known_hosts", "rb"):
    key, hosts = base64.b64decode(line.split()[2]), library.libssh2_knownhost_init(session)
    read = library.libssh2_knownhost_readline(hosts, line, len(line), 1)
    found = library.libssh2_knownhost_checkp(hosts, host, 22, key, len(key), keyword, None)
    print(read, ["MATCH", "MISMATCH", "NOTFOUND", "FAILURE"][found])
PY
keygen=root/usr/bin/ssh-keygen
$keygen -q -t ed25519 -N '' -C '' -f key
for names in '*.ci.example.org' 'b?.ci.example.org' B7.ci.example.org a.example.org,b7.ci.example.org; do
	echo "$names $(cut -d ' ' -f 1,2 key.pub)" >>known_hosts
done
openssh=$($keygen -F b7.ci.example.org -f known_hosts | grep -c ' found: line')
libssh2=$(/usr/bin/python3 find.py "$(find root -name 'libssh2.so.1')" | tr '\n' ' ')
[ "$openssh" = 4 ] && [ "$libssh2" = '0 NOTFOUND 0 NOTFOUND 0 NOTFOUND 0 MATCH ' ] && exit 0
echo "it is different now: ssh-keygen finds $openssh, libssh2: $libssh2"
exit 1
