#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The API's limits against a real daemon: api_limits.py, with what api_test.sh says in API_*."""
import http.client
import json
import os
import socket
import sys
import time

from api_client import OPERATOR_UID, SOCKET, VIEWER_SOCKET, Answer, Connection, as_user, build, call, check, expect, \
    main, pointers


def test_one_user_leaves_connections_to_others():
    kept = [Connection() for _ in range(48)]
    for connection in kept:
        connection.request("GET", "/v1/version")
        check(Answer(connection.getresponse()).status == 200, "one of 48")
    over = expect(call("GET", "/v1/version"), 429, "too-many-requests")
    check(over.headers["Retry-After"] and over.headers["Connection"] == "close", over.headers)
    check("uid 0" in over.json["detail"] and "api.clients_per_user" in over.json["detail"], over.text)
    expect(call("PUT", "/v1/builds/over", build("10.0.9.70")), 429, "too-many-requests")
    got, body = as_user(OPERATOR_UID, "GET", "/v1/version")
    check(got == 200, f"another user: {got} {body}")
    expect(call("GET", "/v1/version", via=VIEWER_SOCKET), 200)
    for connection in kept:
        connection.close()
    expect(eventually("GET", "/v1/version"), 200)


def eventually(method, path):
    """The first answer that is not 429 or 503, or a connection cut by one who asks too often meanwhile:
    closed connections are noticed within moments."""
    deadline = time.monotonic() + 10
    while True:
        try:
            answer = call(method, path)
            if answer.status not in (429, 503) or time.monotonic() > deadline:
                return answer
        except (OSError, http.client.HTTPException):
            if time.monotonic() > deadline:
                raise


def test_all_together_are_limited():
    """Children of other users hold what one user may not."""
    reader, writer = os.pipe()
    stop_reader, stop_writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(stop_writer)
        os.setgroups([])
        os.setresuid(OPERATOR_UID, OPERATOR_UID, OPERATOR_UID)
        kept = [Connection() for _ in range(40)]
        for connection in kept:
            connection.request("GET", "/v1/version")
            connection.getresponse().read()
        os.write(writer, b"x")
        os.read(stop_reader, 1)
        os._exit(0)
    os.close(stop_reader)
    os.read(reader, 1)
    kept = [Connection() for _ in range(24)]
    try:
        for connection in kept:
            connection.request("GET", "/v1/version")
            check(Answer(connection.getresponse()).status == 200, "one of 64")
        over = expect(call("GET", "/v1/version"), 503, "too-many-clients")
        check(over.headers["Retry-After"] and "api.clients" in over.json["detail"], over.text)
    finally:
        for connection in kept:
            connection.close()
        os.close(stop_writer)
        os.waitpid(child, 0)
        os.close(reader)
        os.close(writer)
    expect(eventually("GET", "/v1/version"), 200)


def raw(text):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(20)
    client.connect(SOCKET)
    client.sendall(text)
    return client


def test_long_heads_are_refused():
    for text, status in ((b"GET /v1/version HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 100000 + b"\r\n\r\n", b"431"),
                         (b"GET /" + b"x" * 100000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"414")):
        with raw(text) as client:
            line = client.recv(64).split(b"\r\n")[0]
        check(line.split()[1] == status, f"{line} to a head of 100,000 bytes")
    expect(call("GET", "/v1/version"), 200)


def test_the_101st_build_is_refused_and_others_are_not():
    """limits.builds_per_actor and limits.builds_per_organisation of this daemon are 100."""
    def declared(i, **more):
        return call("PUT", f"/v1/builds/many{i}", {"nodes": [{"index": 0}], **more})
    for i in range(100):
        expect(declared(i, actors=["alice"], organisation="acme"), 201)
    for more, pointer, limit, holder in (({"actors": ["alice"]}, "/actors", "builds_per_actor", "alice"),
                                         ({"organisation": "acme"}, "/organisation", "builds_per_organisation", "acme")):
        answer = expect(declared(100, **more), 422, "over-limit")
        detail = answer.json["errors"][0]["detail"]
        check(pointers(answer) == [pointer] and f"limits.{limit} is 100" in detail and holder in detail, detail)
    wanted = [{"id": f"many{i}", "nodes": [{"index": 0}]} for i in range(101)]
    answer = expect(call("POST", "/v1/sync", {"builds": wanted[:100] + [{**wanted[100], "actors": ["alice"]}]}), 422, "over-limit")
    check(pointers(answer) == ["/builds/100/actors"], answer.text)
    expect(declared(100, actors=["bob"], organisation="other"), 201)
    expect(call("DELETE", "/v1/builds/many7"), 204)
    expect(declared(101, actors=["alice"], organisation="acme"), 201)
    for i in range(102):
        expect(call("DELETE", f"/v1/builds/many{i}"), 204)


def test_streams_leave_room_for_others():
    streams, refused = [], None
    while refused is None:
        check(len(streams) < 64, "streams are limited")
        connection = Connection()
        connection.request("GET", "/v1/events?follow=1")
        response = connection.getresponse()
        if response.status == 200:
            streams.append(connection)
        else:
            refused = Answer(response)
    expect(refused, 429, "too-many-requests")
    check(len(streams) == 24, f"{len(streams)} of 64 connections may be streams of one user")
    check(refused.headers["Retry-After"] and "uid 0" in refused.json["detail"], refused.text)
    expect(call("GET", "/v1/version"), 200)
    got, body = as_user(OPERATOR_UID, "GET", "/v1/events?follow=0")
    check(got == 200, f"a stream of another user: {got} {body}")
    for connection in streams:
        connection.close()
    expect(call("GET", "/v1/version"), 200)


def open_stream():
    """Streams whose clients have gone are noticed with the next heartbeat, within 15 s."""
    newest = call("GET", "/v1/status").json["events"]["newest"]
    deadline = time.monotonic() + 30
    while True:
        connection = Connection()
        connection.request("GET", f"/v1/events?since={newest}")
        response = connection.getresponse()
        if response.status == 200:
            return connection, response
        check(response.status == 429 and time.monotonic() < deadline, f"a stream: {response.status}")
        connection.close()


def test_slow_requests_are_ended():
    """A head or a body that trickles in; whoever follows events or is idle in between stays."""
    stream, events = open_stream()
    idle = Connection()
    idle.request("GET", "/v1/version")
    check(Answer(idle.getresponse()).status == 200, "before")
    begun = time.monotonic()
    for text in (b"G", b"GET /v1/version HTTP/1.1\r\nHost: x\r\n", b"PUT /v1/builds/slow HTTP/1.1\r\nHost: x\r\n"
                 b"Content-Length: 1000\r\n\r\n{"):
        with raw(text) as client:
            client.settimeout(0.2)
            answer = None
            while answer is None:
                check(time.monotonic() - begun < 60, "a slow request is ended")
                try:
                    client.send(b"x")
                    answer = client.recv(4096)
                except socket.timeout:
                    pass
                except BrokenPipeError:
                    answer = client.recv(4096)
            check(answer.startswith(b"HTTP/1.1 408 ") and b"problem:too-slow" in answer, answer)
    idle.request("GET", "/v1/version")
    check(Answer(idle.getresponse()).status == 200, "an idle connection stays")
    expect(call("PUT", "/v1/builds/slow", {"nodes": [{"index": 0}]}), 201)
    check(json.loads(events.readline())["build"] == "slow", "a stream stays")
    stream.close()


if __name__ == "__main__":
    sys.exit(main(globals()))
