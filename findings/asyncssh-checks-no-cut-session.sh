#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# python3-asyncssh 2.10.1-2+deb12u2, python3-cryptography 38.0.4-3+deb12u1. A command runs on a server, and the
# connection is cut before it has ended. Of run(COMMAND, check=True) asyncssh's API documentation says that it
# raises ProcessError if the exit status is not zero. One would guess: it raises that, or ConnectionLost, as there
# is no exit status; ssh(1) ends with 255.
# It returns a result as a command that succeeded would, with what was printed until then; only that its
# exit_status is None tells. The same when the server says SSH_MSG_DISCONNECT with a reason. Seen:
#
#   cut:        exit_status None, no exception
#   disconnect: exit_status None, no exception
#   status 3:   ProcessError
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get download -qq -o APT::Sandbox::User=root python3-asyncssh=2.10.1-2+deb12u2 \
	python3-cryptography=38.0.4-3+deb12u1 python3-cffi-backend=1.15.1-5+b1 \
	python3-typing-extensions=4.4.0-1 >/dev/null
for package in ./*.deb; do dpkg -x "$package" root; done
PYTHONPATH=$dir/root/usr/lib/python3/dist-packages timeout 60 /usr/bin/python3 -W ignore - <<'PY'
import asyncio, sys
import asyncssh
class Server(asyncssh.SSHServer):
    def connection_made(self, connection):
        self.connection = connection
    def begin_auth(self, username):
        return False
async def handle(process):
    process.stdout.write("begun\n")
    await process.stdout.drain()
    connection = process.channel.get_connection()
    if process.command == "cut":
        connection.abort()
    elif process.command == "disconnect":
        connection.disconnect(asyncssh.DISC_BY_APPLICATION, "ended")
    else:
        process.exit(int(process.command))
async def run(port, command):
    async with asyncssh.connect("127.0.0.1", port, username="u", known_hosts=None, client_keys=None,
                                config=None) as connection:
        try:
            result = await connection.run(command, check=True)
        except asyncssh.Error as error:
            return type(error).__name__
        return result.exit_status
async def main():
    server = await asyncssh.listen("127.0.0.1", 0, server_factory=Server, process_factory=handle,
                                   server_host_keys=[asyncssh.generate_private_key("ssh-ed25519")])
    port = server.sockets[0].getsockname()[1]
    return [await run(port, command) for command in ("cut", "disconnect", "3", "0")]
seen = asyncio.run(main())
if seen != [None, None, "ProcessError", 0]:
    sys.exit("it is different now: %s" % seen)
PY
