#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Who may call the API, waits or breaks off, against a real daemon: api_peers.py, with what api_test.sh says in API_*."""
import os
import socket
import subprocess
import sys
import threading
import time

from api_client import OPERATOR_UID, SOCKET, VIEWER_SOCKET, VIEWER_UID, Answer, Connection, as_user, build, call, \
    check, expect, main

BPF_DIR = os.environ["API_BPF_DIR"]


def test_roles_go_by_the_peer():
    for uid, method, path, status, role in [
            (VIEWER_UID, "GET", "/v1/builds/live", 200, None),
            (VIEWER_UID, "DELETE", "/v1/builds/live", 403, "operator"),
            (VIEWER_UID, "PUT", "/v1/builds/live", 403, "orchestrator"),
            (VIEWER_UID, "POST", "/v1/sync", 403, "orchestrator"),
            (VIEWER_UID, "POST", "/v1/dead-letters", 403, "operator"),
            (VIEWER_UID, "PUT", "/v1/announcement/drain", 403, "operator"),
            (OPERATOR_UID, "DELETE", "/v1/announcement/drain", 404, None),
            (OPERATOR_UID, "PUT", "/v1/announcement/store", 403, "orchestrator"),
            (OPERATOR_UID, "PUT", "/v1/status/fleet", 403, "orchestrator"),
            (OPERATOR_UID, "PUT", "/v1/connections/strays", 403, "orchestrator"),
            (OPERATOR_UID, "GET", "/v1/status", 200, None),
            (OPERATOR_UID, "PUT", "/v1/builds/live", 403, "orchestrator"),
            (OPERATOR_UID, "POST", "/v1/builds/live/finish", 200, None)]:
        got, body = as_user(uid, method, path, build("10.0.9.40") if method == "PUT" else {})
        check(got == status, f"{method} {path} by {uid}: {got} {body}")
        if role:
            check(f"role {role}" in body["detail"], body["detail"])
    got, body = as_user(VIEWER_UID, "GET", "/v1/status", via=VIEWER_SOCKET)
    check(got == 200, f"everybody may use the viewers' socket: {got} {body}")
    document = call("GET", "/v1/openapi.json", via=VIEWER_SOCKET).json
    changing = [(method.upper(), path) for path, operations in document["paths"].items()
                for method in operations if method != "get"]
    check(len(changing) == 11, changing)
    for method, path in changing:
        path = path.replace("{id}", "live")
        for uid in (0, OPERATOR_UID):
            got, body = as_user(uid, method, path, {}, via=VIEWER_SOCKET)
            check(got == 403 and "role viewer here" in body["detail"], f"{method} {path}: {got} {body}")


def map_update(name, key, value):
    def as_hex(data):
        return [f"{byte:#04x}" for byte in data]
    subprocess.run(["bpftool", "map", "update", "pinned", f"{BPF_DIR}/{name}", "key",
                    *as_hex(key.to_bytes(4, "little")), "value", *as_hex(value)], check=True)


def started_ns(pid):
    with open(f"/proc/{pid}/stat") as stat:
        ticks = int(stat.read().rsplit(")", 1)[1].split()[19])
    return ticks * 10 ** 9 // os.sysconf("SC_CLK_TCK")


def worker(active):
    """A record of a worker of ours that is alive and polls nothing."""
    return (7).to_bytes(8, "little") + active.to_bytes(4, "little") + \
        os.getpid().to_bytes(4, "little") + started_ns(os.getpid()).to_bytes(8, "little") + bytes(40)


def test_delete_waits_for_a_worker_and_others_do_not():
    expect(call("PUT", "/v1/builds/stuck", build("10.0.9.50")), 201)
    map_update("workers", 0, worker(active=1))
    try:
        answers = []
        begun = time.monotonic()
        key = {"Idempotency-Key": "stuck"}
        waiter = threading.Thread(target=lambda: answers.append(call("DELETE", "/v1/builds/stuck", None, key)))
        waiter.start()
        while call("GET", "/v1/builds/stuck").json["state"] != "ended":
            check(time.monotonic() - begun < 5, "the build ends")
        check(not answers, "DELETE answered before the worker has passed")
        expect(call("GET", "/v1/version"), 200)
        retry = expect(call("DELETE", "/v1/builds/stuck", None, key), 409, "request-in-progress")
        check(retry.headers["Retry-After"], "Retry-After")
        waiter.join()
        took = time.monotonic() - begun
        expect(answers[0], 503, "worker-stuck")
        expect(call("DELETE", "/v1/builds/stuck"), 503, "worker-stuck")
        expect(call("DELETE", "/v1/builds/stuck", None, key), 503, "worker-stuck")
        check(0.9 < took < 3, f"the wait took {took}")
        check(answers[0].headers["Retry-After"], "Retry-After")
    finally:
        map_update("workers", 0, worker(active=0))
    expect(call("DELETE", "/v1/builds/stuck", None, key), 204)
    begun = time.monotonic()
    expect(call("PUT", "/v1/builds/stuck2", build("10.0.9.51")), 201)
    expect(call("DELETE", "/v1/builds/stuck2"), 204)
    check(time.monotonic() - begun < 1, "with the worker gone nothing waits")


def test_many_clients_at_once():
    connections = [Connection() for _ in range(40)]
    for connection in connections:
        connection.request("GET", "/v1/version")
    for connection in connections:
        check(connection.getresponse().status == 200, "one of 40")
        connection.close()


def test_clients_that_break_off():
    for text in (b"PUT /v1/builds/bad HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
                 b"GET /v1/builds", b"\x00\xff" * 50, b"GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n"):
        raw = socket.socket(socket.AF_UNIX)
        raw.connect(SOCKET)
        raw.sendall(text)
        raw.close()
    expect(call("GET", "/v1/version"), 200)
    keep = Connection()
    for _ in range(3):
        keep.request("GET", "/v1/version")
        check(Answer(keep.getresponse()).status == 200, "one connection, many requests")
    keep.close()


if __name__ == "__main__":
    sys.exit(main(globals()))
