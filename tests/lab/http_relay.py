# SPDX-License-Identifier: BSD-3-Clause
"""Between clients and sallyportd: http_relay.py LISTEN SOCKET. Of the first connection it passes one request and its
answer on, and the second request, whose answer it takes and loses: it closes. Others go through as they are."""
import os
import selectors
import socket
import sys


def pump(client, edge, answers):
    """Passes bytes on until somebody closes, or so many answers came; the last of those is lost."""
    with selectors.DefaultSelector() as ready:
        ready.register(client, selectors.EVENT_READ, edge)
        ready.register(edge, selectors.EVENT_READ, client)
        while True:
            for key, _ in ready.select():
                data = key.fileobj.recv(65536)
                if not data:
                    return
                if key.fileobj is edge and answers is not None:
                    answers -= 1
                    if answers == 0:
                        return
                key.data.sendall(data)


def main():
    listen, target = sys.argv[1:]
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(listen + ".new")
        listener.listen()
        os.rename(listen + ".new", listen)
        answers = 2
        while True:
            client = listener.accept()[0]
            with client, socket.socket(socket.AF_UNIX) as edge:
                edge.connect(target)
                pump(client, edge, answers)
            answers = None


main()
