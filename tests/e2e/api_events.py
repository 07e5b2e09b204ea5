#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The API's events, against a real daemon: api_events.py, with what api_test.sh says in API_*."""
import json
import os
import socket
import sys
import time

from api_client import SOCKET, Connection, build, call, check, expect, main


def read_events(path):
    answer = expect(call("GET", path), 200)
    return without_end([json.loads(line) for line in answer.text.splitlines()])


def without_end(lines):
    *events, end = lines
    check((end["type"], end["reason"]) == ("end", "complete") and end["time"], end)
    check(end["seq"] == (events[-1]["seq"] if events else end["seq"]), end)
    return events


def test_events_have_no_gap_and_resume():
    events = read_events("/v1/events?follow=0")
    check([e["seq"] for e in events] == list(range(1, len(events) + 1)), "sequence numbers")
    types = {e["type"] for e in events}
    check({"build.enabled", "build.finished", "build.extended", "build.ended"} <= types, types)
    ended = [e for e in events if e["type"] == "build.ended" and e["build"] == "one"]
    check(len(ended) == 1 and ended[0]["reason"] == "superseded", ended)
    check(read_events(f"/v1/events?follow=0&since={events[4]['seq']}") == events[5:], "resume")
    check(read_events(f"/v1/events?follow=0&since={events[-1]['seq']}") == [], "after the newest one")
    expect(call("GET", f"/v1/events?since={events[-1]['seq'] + 1}"), 400, "invalid")
    expect(call("GET", "/v1/events?since=x"), 400, "invalid")


def test_an_end_is_told_from_a_break_in_http_1_0():
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(SOCKET)
        client.sendall(b"GET /v1/events?follow=0 HTTP/1.0\r\n\r\n")
        text = b""
        while chunk := client.recv(65536):
            text += chunk
    head, body = text.split(b"\r\n\r\n", 1)
    check(b"chunked" not in head and b"Content-Length" not in head, head)
    check(len(without_end([json.loads(line) for line in body.splitlines()])) > 4, "events")


def test_events_are_streamed_with_heartbeats():
    newest = read_events("/v1/events?follow=0")[-1]["seq"]
    connection = Connection(timeout=20)
    connection.request("GET", f"/v1/events?since={newest}")
    stream = connection.getresponse()
    check(stream.status == 200, "status of the stream")
    check(stream.headers["Content-Type"] == "application/x-ndjson", "media type of the stream")
    begun = time.monotonic()
    expect(call("PUT", "/v1/builds/live", build("10.0.9.40")), 201)
    event = json.loads(stream.readline())
    check((event["seq"], event["type"], event["build"]) == (newest + 1, "build.enabled", "live"), event)
    check(time.monotonic() - begun < 2, "an event comes at once")
    beat = json.loads(stream.readline())
    check(beat["type"] == "heartbeat" and beat["seq"] == newest + 1, beat)
    check(time.monotonic() - begun < 17, "a heartbeat comes within 15 s")
    connection.close()


def test_old_events_are_compacted_to_410():
    """events.kept of this daemon is small; enough events push the first ones out."""
    kept = int(os.environ["API_EVENTS_KEPT"])
    newest = read_events("/v1/events?follow=0")[-1]["seq"]
    for i in range(max(0, kept - newest) // 2 + 200):
        expect(call("PUT", f"/v1/builds/churn{i}", build("10.0.12.1")), 201)
        expect(call("DELETE", f"/v1/builds/churn{i}"), 204)
    deadline = time.monotonic() + 70
    while call("GET", "/v1/status").json["events"]["oldest"] == 1:
        check(time.monotonic() < deadline, "old events are forgotten within a minute")
        time.sleep(0.2)
    answer = expect(call("GET", "/v1/events?since=0"), 410, "compacted")
    oldest = call("GET", "/v1/status").json["events"]["oldest"]
    check(str(oldest) in answer.json["detail"], answer.json["detail"])
    check(read_events("/v1/events?follow=0")[0]["seq"] == oldest, "without since: the oldest kept")


if __name__ == "__main__":
    sys.exit(main(globals()))
