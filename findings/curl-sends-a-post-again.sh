#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# curl 7.88.1-10+deb12u15. A server reads a POST on a connection that has served a request before, does
# what it says, and dies without an answer. One would guess: curl fails with 52, "Empty reply from
# server", as it does on a new connection, and without --retry nothing is sent twice. It takes the
# connection for one that died before, and sends the POST again on a new one, without a word. Seen:
#
#   exit status 0, two POSTs at the server
set -eu
dir=$(mktemp -d)
server=
trap 'kill "$server" 2>/dev/null || :; rm -rf "$dir"' EXIT
cd "$dir"
apt-get download -qq -o APT::Sandbox::User=root curl=7.88.1-10+deb12u15 libcurl4=7.88.1-10+deb12u15 >/dev/null
for package in ./*.deb; do dpkg -x "$package" root; done
/usr/bin/python3 - <<'PY' &
import socket
listener = socket.socket(socket.AF_UNIX)
listener.bind("server.sock")
listener.listen()
answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
first = listener.accept()[0]
first.recv(4096)
first.sendall(answer)
with open("posts", "wb") as posts:
    posts.write(first.recv(4096))
    posts.flush()
    first.close()
    again = listener.accept()[0]
    posts.write(again.recv(4096))
    posts.flush()
    again.sendall(answer)
PY
server=$!
until [ -S server.sock ]; do :; done
status=0
LD_LIBRARY_PATH=$(dirname "$(find root -name 'libcurl.so.4')") timeout 10 root/usr/bin/curl -sS --unix-socket server.sock \
	http://x/ --next -sS --unix-socket server.sock -d x=1 http://x/extend >said 2>&1 || status=$?
wait "$server" || :
[ "$status" = 0 ] && [ "$(grep -ao "POST /extend" posts | wc -l)" = 2 ] && exit 0
echo "it is different now: exit status $status"
cat said
exit 1
