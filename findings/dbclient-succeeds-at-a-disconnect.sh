#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# dropbear-bin 2022.83-1+deb12u3. A server that answers a client's dial with SSH_MSG_DISCONNECT and a
# text (RFC 4253, 11.1) has refused it. One would guess: dbclient prints the text and fails.
# It prints "exited: Disconnect received", without the text, and exits with 0. Seen:
#
#   dbclient: Connection to u@127.0.0.1:PORT exited: Disconnect received
#   exit status 0
set -eu
dir=$(mktemp -d)
trap 'kill "$server" 2>/dev/null || :; rm -rf "$dir"' EXIT
server=
cd "$dir"
apt-get download -qq -o APT::Sandbox::User=root dropbear-bin=2022.83-1+deb12u3 libtomcrypt1=1.18.2-6 libtommath1=1.2.0-6+deb12u1 >/dev/null
for package in ./*.deb; do dpkg -x "$package" root; done
mkfifo port
/usr/bin/python3 - >port <<'PY' &
import socket
text = b"No session."
body = b"\x01\0\0\0\x02" + len(text).to_bytes(4, "big") + text + b"\0\0\0\0"
pad = 8 - (5 + len(body)) % 8
pad += 8 if pad < 4 else 0
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
end = listener.accept()[0]
end.sendall(b"SSH-2.0-server\r\n" + (1 + len(body) + pad).to_bytes(4, "big") + bytes([pad]) + body + bytes(pad))
end.shutdown(socket.SHUT_WR)
while end.recv(4096):
    pass
PY
server=$!
read -r port <port
status=0
LD_LIBRARY_PATH=root/usr/lib/x86_64-linux-gnu timeout 10 root/usr/bin/dbclient -y -p "$port" \
	u@127.0.0.1 true </dev/null 2>said || status=$?
grep -q 'exited: Disconnect received' said && ! grep -q 'No session' said && [ $status = 0 ] && exit 0
echo "it is different now: exit status $status"
cat said
exit 1
