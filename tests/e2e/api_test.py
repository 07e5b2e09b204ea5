#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The API's contract against a real daemon: api_test.py, with what api_test.sh says in API_*."""
import contextlib
import http.client
import json
import os
import re
import select
import socket
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lab"))
import unix_http  # noqa: E402

SOCKET = os.environ["API_SOCKET"]
VIEWER_SOCKET = os.environ["API_VIEWER_SOCKET"]
BPF_DIR = os.environ["API_BPF_DIR"]
PID = int(os.environ["API_PID"])
OPERATOR_UID = int(os.environ["API_OPERATOR_UID"])
VIEWER_UID = int(os.environ["API_VIEWER_UID"])


class Connection(unix_http.Connection):
    def __init__(self, path=SOCKET, timeout=30):
        super().__init__(path, timeout)


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.text = response.read().decode()
        self.json = None
        if "json" in (response.headers.get("Content-Type") or "") and self.text:
            self.json = json.loads(self.text) if self.text.count("\n") < 2 else None


def call(method, path, body=None, headers=None, via=SOCKET):
    connection = Connection(via)
    headers = dict(headers or {})
    if isinstance(body, (dict, list)):
        body = json.dumps(body)
    if body is not None:
        headers.setdefault("Content-Type", "application/json")
    # Who is refused may be answered, and the connection closed, before the body was sent.
    with contextlib.suppress(BrokenPipeError):
        connection.request(method, path, body, headers)
    answer = Answer(connection.getresponse())
    connection.close()
    return answer


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def expect(answer, status, slug=None):
    check(answer.status == status, f"status {answer.status}, not {status}: {answer.text[:400]}")
    if status >= 400:
        check(answer.headers["Content-Type"] == "application/problem+json", "media type of a problem")
        for member in ("type", "title", "status", "detail"):
            check(member in answer.json, f"a problem has {member}")
        check(answer.json["status"] == status, "status inside the problem")
        check("\n" not in answer.json["detail"], "a detail is one line")
    if slug:
        check(answer.json["type"] == "urn:sallyport:problem:" + slug, answer.json["type"])
    return answer


def pointers(answer):
    return [error["pointer"] for error in answer.json.get("errors", [])]


def build(*addresses, **more):
    nodes = [{"index": i, "address": address} for i, address in enumerate(addresses)]
    return {"nodes": nodes, "user": "ubuntu", **more}


def ports(answer):
    return [node["public_port"] for node in answer.json["nodes"]]


def test_put_is_201_then_200_and_nothing_moves():
    body = build("10.0.9.1", "10.0.9.2", title="acme/api#1", allow=["192.0.2.0/24"])
    body["nodes"][0]["forwards"] = [{"name": "vnc", "port": 5901},
                                    {"name": "mosh", "port": 60001, "protocol": "udp"}]
    first = expect(call("PUT", "/v1/builds/one", body), 201)
    check(first.headers["Location"] == "/v1/builds/one", "Location")
    check(first.headers["ETag"], "ETag")
    again = expect(call("PUT", "/v1/builds/one", body), 200)
    check(ports(first) == ports(again), "ports moved")
    check(first.headers["ETag"] == again.headers["ETag"], "an unchanged build has a new ETag")
    got = expect(call("GET", "/v1/builds/one"), 200).json
    check(got["state"] == "running" and got["reason"] is None, got)
    check(got["title"] == "acme/api#1" and got["user"] == "ubuntu", got)
    check(got["allow"] == ["192.0.2.0/24"], got["allow"])
    check(86390 <= got["remaining_s"] <= 86400, got["remaining_s"])
    node = got["nodes"][0]
    check(node["ssh"] == f"ssh -p {node['public_port']} -o HostKeyAlias=one-0 ubuntu@192.0.2.1", node)
    check([f["name"] for f in node["forwards"]] == ["vnc", "mosh"], node)
    check(node["forwards"][1]["protocol"] == "udp", node)
    check(got["usage"]["to_vm"]["packets"] == 0, got["usage"])


def test_head_is_get_without_a_body():
    get = call("GET", "/v1/version")
    head = call("HEAD", "/v1/version")
    check(head.status == 200 and head.text == "", "HEAD")
    check(head.headers["Content-Length"] == get.headers["Content-Length"], "length of HEAD")
    keep = Connection()
    for path in ("/v1/events?follow=0", "/v1/events", "/v1/version"):
        keep.request("HEAD", path)
        check(Answer(keep.getresponse()).status == 200, f"HEAD of {path} leaves nothing behind")
    keep.close()


MISTAKES = [
    ("{\"nodes\":[", 400, "malformed", None),
    ("nothing", 400, "malformed", None),
    ("", 400, "malformed", None),
    ("{\"nodes\":[],\"nodes\":[]}", 400, "malformed", None),
    ("[]", 400, "invalid", ""),
    ({"nodes": "many"}, 400, "invalid", "/nodes"),
    ({"nodes": []}, 400, "invalid", "/nodes"),
    ({}, 400, "invalid", "/nodes"),
    ({**build("10.0.9.9"), "colour": "red"}, 400, "invalid", "/colour"),
    ({**build("10.0.9.9"), "user": "a b"}, 400, "invalid", "/user"),
    (build("10.0.9"), 400, "invalid", "/nodes/0/address"),
    (build("172.16.0.1"), 422, "outside-networks", "/nodes/0/address"),
    ({**build("10.0.9.9"), "allow": ["2001:db8::/32", "::/0"]}, 422, "admits-nobody", "/allow"),
    ({"nodes": [{"index": 0}, {"index": 0}]}, 400, None, "/nodes/1/index"),
]


def test_mistakes_are_named_and_install_nothing():
    for body, status, slug, pointer in MISTAKES:
        answer = call("PUT", "/v1/builds/bad", body)
        if pointer == "/nodes/1/index":
            check(answer.status in (400, 422), answer.text)
        else:
            expect(answer, status, slug)
        check(pointer is None or pointer in pointers(answer), f"{pointer} in {answer.text}")
        expect(call("GET", "/v1/builds/bad"), 404, "not-found")


def test_names_that_the_document_allows_are_taken():
    body = build("10.0.9.8", user="alice+ci@corp.example")
    body["nodes"][0]["forwards"] = [{"name": "vnc_1", "port": 5901}]
    node = expect(call("PUT", "/v1/builds/names", body), 201).json["nodes"][0]
    check(node["ssh"].endswith(" alice+ci@corp.example@192.0.2.1"), node["ssh"])
    check(node["forwards"][0]["name"] == "vnc_1", node)
    expect(call("DELETE", "/v1/builds/names"), 204)


def test_all_mistakes_are_told_at_once():
    answer = call("PUT", "/v1/builds/bad", {"nodes": [{"index": "0", "port": 0}, {"addres": "x"}],
                                            "linger_s": -1, "title": 7})
    expect(answer, 400, "invalid")
    check(set(pointers(answer)) == {"/nodes/0/index", "/nodes/0/port", "/nodes/1/index",
                                    "/nodes/1/addres", "/linger_s", "/title"}, answer.text)


def test_broken_json_says_where():
    answer = expect(call("PUT", "/v1/builds/bad", "{\n  \"nodes\": [,]\n}"), 400, "malformed")
    check(re.search(r"line 2, column \d+", answer.json["detail"]), answer.json["detail"])


def test_odd_ids_are_refused():
    for path_id in ("x" * 129, "a%20b", "a%2Fb", "%00", "a%0ab", "..", ".x", "-x", "%zz", "%c3%a9"):
        expect(call("PUT", "/v1/builds/" + path_id, build("10.0.9.9")), 400, "invalid")
    answer = expect(call("PUT", "/v1/builds/" + "x" * 128, build("10.0.9.9")), 201)
    expect(call("DELETE", answer.headers["Location"]), 204)


def test_unknown_paths_methods_arguments():
    expect(call("GET", "/v1/nowhere"), 404, "not-found")
    expect(call("GET", "/"), 404, "not-found")
    answer = expect(call("PATCH", "/v1/builds/one", "{}"), 405, "bad-method")
    check(answer.headers["Allow"] == "PUT, GET, HEAD, DELETE", answer.headers["Allow"])
    expect(call("GET", "/v1/sync"), 405, "bad-method")
    expect(call("GET", "/v1/status?verbose=1"), 400, "invalid")
    expect(call("GET", "/v1/builds?limit=0"), 400, "invalid")
    expect(call("GET", "/v1/builds?limit=1001"), 400, "invalid")
    expect(call("GET", "/v1/builds?after=-1"), 400, "invalid")
    expect(call("GET", "/v1/builds?state=asleep"), 400, "invalid")
    expect(call("GET", "/v1/builds/one/connect?format=html"), 400, "invalid")
    expect(call("GET", "/v1/builds/one/connect?view=x"), 400, "invalid")
    expect(call("PUT", "/v1/builds/bad", "<a/>", {"Content-Type": "text/xml"}), 415, "bad-media-type")
    for verb in ("finish", "extend"):
        expect(call("POST", f"/v1/builds/bad/{verb}", {"by_s": 1} if verb == "extend" else {}), 404)
    expect(call("DELETE", "/v1/builds/bad"), 404)


def test_long_bodies_are_413():
    expect(call("PUT", "/v1/builds/bad", " " * (1 << 20) + "{}"), 413, "too-large")
    expect(call("PUT", "/v1/builds/bad", iter([b" " * 65536] * 20)), 413, "too-large")
    expect(call("PUT", "/v1/builds/bad", " " * ((1 << 20) - 2) + "{}"), 400, "invalid")
    early = Connection()
    early.putrequest("PUT", "/v1/builds/bad")
    early.putheader("Expect", "100-continue")
    early.putheader("Content-Length", str(8 << 20))
    early.endheaders()
    expect(Answer(early.getresponse()), 413, "too-large")


def test_preconditions():
    answer = expect(call("GET", "/v1/builds/one"), 200)
    etag = answer.headers["ETag"]
    stale = expect(call("POST", "/v1/builds/one/finish", {}, {"If-Match": '"0-0"'}), 412)
    check("running" in stale.json["detail"] and etag in stale.json["detail"], stale.json["detail"])
    expect(call("POST", "/v1/builds/one/finish", {}, {"If-Match": "W/" + etag}), 412)
    for known in (etag, f'"x", {etag}', "W/" + etag, "*"):
        same = expect(call("GET", "/v1/builds/one", None, {"If-None-Match": known}), 304)
        check(same.text == "" and same.headers["ETag"] == etag, f"{same.headers} {same.text}")
    for known in ('"0-0"', etag[1:-1], "W/", ""):
        expect(call("GET", "/v1/builds/one", None, {"If-None-Match": known}), 200)
    expect(call("GET", "/v1/builds/none", None, {"If-None-Match": "*"}), 404)
    expect(call("DELETE", "/v1/builds/one", None, {"If-Match": '"0-0"'}), 412)
    expect(call("PUT", "/v1/builds/one", build("10.0.9.1"), {"If-None-Match": "*"}), 412)
    expect(call("PUT", "/v1/builds/new", build("10.0.9.7"), {"If-Match": "*"}), 412)
    expect(call("POST", "/v1/builds/one/finish", {}, {"If-Match": etag}), 200)
    expect(call("POST", "/v1/builds/one/finish", {}, {"If-Match": etag}), 412)


def test_finish_and_extend():
    answer = expect(call("POST", "/v1/builds/one/finish"), 200)
    check(answer.json["state"] == "finished", answer.text)
    check(answer.json["finished_at"], answer.text)
    deadline = answer.json["deadline"]
    check(1790 <= answer.json["remaining_s"] <= 1800, answer.json["remaining_s"])
    later = expect(call("POST", "/v1/builds/one/extend", {"by_s": 600}), 200)
    check(later.json["deadline"] > deadline, "extend moves the deadline")
    check(2390 <= later.json["remaining_s"] <= 2400, later.json["remaining_s"])
    expect(call("POST", "/v1/builds/one/extend", {"by_s": 10 ** 7}), 422, "over-extension")
    expect(call("POST", "/v1/builds/one/extend", {"until": "2020-01-01T00:00:00Z"}), 400)
    expect(call("POST", "/v1/builds/one/extend", {}), 400)
    until = later.json["extendable_until"]
    most = expect(call("POST", "/v1/builds/one/extend", {"until": until}), 200)
    check(most.json["deadline"] == until, f"{most.json['deadline']} is not {until}")


def test_a_retry_is_answered_the_same_and_changes_nothing():
    key = {"Idempotency-Key": "extend-1"}
    body = build("10.0.9.60", allow=["192.0.2.0/24"])
    declared = expect(call("PUT", "/v1/builds/retried", body, {"Idempotency-Key": '"declare"'}), 201)
    expect(call("POST", "/v1/builds/retried/finish", {}, {"Idempotency-Key": "finish"}), 200)
    etag = call("GET", "/v1/builds/retried").headers["ETag"]
    first = expect(call("POST", "/v1/builds/retried/extend", {"by_s": 60}, {**key, "If-Match": etag}), 200)
    check(first.json == {**call("GET", "/v1/builds/retried").json, "remaining_s": first.json["remaining_s"]}, first.text)
    again = expect(call("POST", "/v1/builds/retried/extend", {"by_s": 60}, {**key, "If-Match": etag}), 200)
    check(first.text == again.text and first.headers["ETag"] == again.headers["ETag"], again.text)
    check(call("GET", "/v1/builds/retried").json["deadline"] == first.json["deadline"], "extended once")
    other = expect(call("POST", "/v1/builds/retried/extend", {"by_s": 60}, {"Idempotency-Key": "extend-2"}), 200)
    check(other.json["deadline"] > first.json["deadline"], "another key is another request")
    expect(call("POST", "/v1/builds/retried/extend", {"by_s": 60}), 200)
    quoted = expect(call("PUT", "/v1/builds/retried", body, {"Idempotency-Key": "declare"}), 201)
    check(quoted.text == declared.text and quoted.headers["Location"] == declared.headers["Location"], quoted.text)
    for method, path, changed in (("POST", "/v1/builds/retried/extend", {"by_s": 61}),
                                  ("POST", "/v1/builds/one/extend", {"by_s": 60}),
                                  ("PUT", "/v1/builds/retried", body)):
        answer = expect(call(method, path, changed, key), 422, "idempotency-key-reused")
        check("extend-1" in answer.json["detail"], answer.json["detail"])


def test_a_retry_is_judged_anew_after_a_refusal():
    key = {"Idempotency-Key": "too-much"}
    expect(call("POST", "/v1/builds/retried/extend", {"by_s": 10 ** 7}, key), 422, "over-extension")
    expect(call("POST", "/v1/builds/retried/extend", {"by_s": 30}, key), 200)
    expect(call("POST", "/v1/builds/retried/extend", {"by_s": 31}, key), 422, "idempotency-key-reused")


def test_a_retry_of_what_changed_nothing_changes_nothing():
    key = {"Idempotency-Key": "unchanged"}
    same = expect(call("PUT", "/v1/builds/retried", {"nodes": [{"index": 0}]}, key), 200)
    expect(call("PUT", "/v1/builds/retried", {"nodes": [{"index": 0}], "title": "new"}), 200)
    check(expect(call("PUT", "/v1/builds/retried", {"nodes": [{"index": 0}]}, key), 200).text == same.text, "the first answer")
    for _ in range(2):
        answer = expect(call("DELETE", "/v1/builds/retried", None, {"Idempotency-Key": "gone"}), 204)
        check(answer.text == "", answer.text)


def test_retries_of_sync():
    """A dry run changes nothing: its key is not used up."""
    kept = [{"id": b["id"], "nodes": [{"index": node["index"]} for node in b["nodes"]]}
            for b in call("GET", "/v1/builds").json["builds"] if b["state"] != "ended"]
    wanted = {"builds": kept + [{"id": "by-sync", "nodes": [{"index": 0}]}]}
    key = {"Idempotency-Key": "sync"}
    expect(call("POST", "/v1/sync", {**wanted, "dry_run": True}, key), 200)
    first = expect(call("POST", "/v1/sync", wanted, key), 200)
    check(first.json["created"] == 1, first.text)
    expect(call("DELETE", "/v1/builds/by-sync"), 204)
    check(expect(call("POST", "/v1/sync", wanted, key), 200).text == first.text, "the first answer")
    check(call("GET", "/v1/builds/by-sync").json["state"] == "ended", "nothing is synchronised again")


def test_keys_are_checked():
    for key in ("", "x" * 129, 'a"b', '"', "a b", "\xe9", "a\\b", '""'):
        answer = expect(call("POST", "/v1/builds/none/finish", {}, {"Idempotency-Key": key}), 400, "invalid")
        check("Idempotency-Key" in answer.json["detail"], answer.json["detail"])
    twice = {"Idempotency-Key": "one", "idempotency-key": "one"}
    answer = expect(call("POST", "/v1/builds/none/finish", {}, twice), 400, "invalid")
    check("Idempotency-Key must be there once" in answer.json["detail"], answer.json["detail"])
    expect(call("GET", "/v1/version", None, twice), 200)
    expect(call("POST", "/v1/builds/none/finish", {}, {"Idempotency-Key": "x" * 128}), 404)
    expect(call("GET", "/v1/version", None, {"Idempotency-Key": "a b"}), 200)


def test_keys_are_their_users_own():
    key = {"Idempotency-Key": "owned"}
    expect(call("PUT", "/v1/builds/owned", {"nodes": [{"index": 0}]}, key), 201)
    got, body = as_user(OPERATOR_UID, "POST", "/v1/builds/owned/finish", {}, headers=key)
    check(got == 200, f"the same key of another user: {got} {body}")
    expect(call("DELETE", "/v1/builds/owned"), 204)


def test_connect_in_every_format():
    formats = {"text": "text/plain", "markdown": "text/markdown", "json": "application/json",
               "ssh_config": "text/plain", "known_hosts": "text/plain"}
    build_json = call("GET", "/v1/builds/one").json
    for view in ("enable", "wait"):
        for name, media in formats.items():
            answer = expect(call("GET", f"/v1/builds/one/connect?view={view}&format={name}"), 200)
            check(answer.headers["Content-Type"].startswith(media), answer.headers["Content-Type"])
            if name in ("text", "markdown"):
                for node in build_json["nodes"]:
                    check(node["ssh"] in answer.text, f"{node['ssh']} in {name}")
    sections = call("GET", "/v1/builds/one/connect?format=json").json["nodes"]
    check([s["ssh"] for s in sections] == [n["ssh"] for n in build_json["nodes"]], sections)
    check("HostKeyAlias one-1" in call("GET", "/v1/builds/one/connect?format=ssh_config").text, "alias")


def test_conflict_names_the_holder_and_supersede_ends_it():
    answer = expect(call("PUT", "/v1/builds/two", build("10.0.9.2")), 409, "endpoint-in-use")
    check("one" in answer.text, "the holder")
    expect(call("PUT", "/v1/builds/two", build("10.0.9.2", supersede=True)), 201)
    ended = call("GET", "/v1/builds/one").json
    check((ended["state"], ended["reason"]) == ("ended", "superseded"), ended)
    check(ended["remaining_s"] == 0, ended["remaining_s"])
    expect(call("POST", "/v1/builds/one/extend", {"by_s": 1}), 409, "build-ended")


def test_delete_is_204_and_again():
    for _ in range(2):
        answer = expect(call("DELETE", "/v1/builds/two"), 204)
        check(answer.text == "", "a 204 has no body")
    ended = call("GET", "/v1/builds/two").json
    check((ended["state"], ended["reason"]) == ("ended", "cancelled"), ended)


def test_two_phases_keep_the_port():
    reserved = expect(call("PUT", "/v1/builds/phases", {"nodes": [{"index": 0}]}), 201)
    check(reserved.json["state"] == "reserved", reserved.text)
    check(reserved.json["nodes"][0]["address"] is None, reserved.text)
    bound = expect(call("PUT", "/v1/builds/phases", build("10.0.9.30")), 200)
    check(bound.json["state"] == "running" and ports(bound) == ports(reserved), bound.text)
    expect(call("DELETE", "/v1/builds/phases"), 204)


def test_list_is_paged_and_filtered():
    for i in range(5):
        expect(call("PUT", f"/v1/builds/page{i}", build(f"10.0.10.{i + 1}")), 201)
    seen, after = [], 0
    while after is not None:
        page = expect(call("GET", f"/v1/builds?state=running&limit=2&after={after}"), 200).json
        check(len(page["builds"]) <= 2, "a page of 2")
        seen += [b["id"] for b in page["builds"]]
        after = page["next"]
    check(seen == [f"page{i}" for i in range(5)], seen)
    everything = call("GET", "/v1/builds").json["builds"]
    check({"one", "two"} <= {b["id"] for b in everything}, "ended builds are listed")


def test_sync_diffs_and_guards():
    keep = [{"id": f"page{i}", **build(f"10.0.10.{i + 1}")} for i in range(3)]
    wanted = {"builds": keep + [{"id": "synced", **build("10.0.11.1")}], "dry_run": True}
    dry = expect(call("POST", "/v1/sync", wanted), 200).json
    figures = {"created": 1, "changed": 0, "cancelled": 2, "unchanged": 3}
    check({k: dry[k] for k in figures} == figures and dry["dry_run"], dry)
    expect(call("GET", "/v1/builds/synced"), 404)
    del wanted["dry_run"]
    done = expect(call("POST", "/v1/sync", wanted), 200).json
    check({k: done[k] for k in figures} == figures and not done["dry_run"], done)
    changes = {c["id"]: c["change"] for c in done["changes"]}
    check(changes == {"synced": "created", "page3": "cancelled", "page4": "cancelled"}, changes)
    check(dry["changes"] == done["changes"], f"a dry run says what will be done: {dry} {done}")
    expect(call("POST", "/v1/sync", {"builds": []}), 422, "empty-sync")
    bad = {"builds": [{"id": "x", **build("10.0.11.2")}, {"id": "y", **build("172.16.0.1")}]}
    answer = expect(call("POST", "/v1/sync", bad), 422)
    check("/builds/1/nodes/0/address" in pointers(answer), answer.text)
    expect(call("GET", "/v1/builds/x"), 404)
    expect(call("POST", "/v1/sync", {"builds": [], "allow_empty": True}), 200)
    check(call("GET", "/v1/builds?state=running").json["builds"] == [], "an empty set")


def test_sync_takes_no_older_generation():
    def sync(generation, **more):
        return call("POST", "/v1/sync", {"builds": [], "allow_empty": True, "generation": generation, **more})
    expect(sync(7), 200)
    expect(sync(7), 200)
    expect(sync(8, dry_run=True), 200)
    stale = expect(sync(6), 409, "stale-sync")
    check("6 is older than 7" in stale.json["detail"], stale.json["detail"])
    expect(sync(6, dry_run=True), 409, "stale-sync")
    expect(call("POST", "/v1/sync", {"builds": [], "allow_empty": True}), 200)


def read_events(path):
    answer = expect(call("GET", path), 200)
    return [json.loads(line) for line in answer.text.splitlines()]


def serve_during_sync(wanted):
    """Returns how often others were answered while the sync was not: each asked after the one before."""
    sync, other = Connection(), Connection()
    sync.request("POST", "/v1/sync", json.dumps(wanted), {"Content-Type": "application/json"})
    served = 0
    while not select.select([sync.sock], [], [], 0)[0]:
        other.request("GET", "/v1/status")
        under_way = json.loads(other.getresponse().read())["calls_waiting"] > 0
        served += under_way and not select.select([sync.sock], [], [], 0)[0]
    expect(Answer(sync.getresponse()), 200)
    sync.close()
    other.close()
    return served


def test_others_are_served_while_a_sync_is_under_way():
    """One answer might have been on its way before the sync began; several are from its middle."""
    wanted = [{"id": f"many{i}", **build(f"10.0.{20 + i // 200}.{1 + i % 200}")} for i in range(900)]
    until = time.monotonic() + 60
    while serve_during_sync({"builds": wanted, "dry_run": True}) < 3:
        check(time.monotonic() < until, "nobody is served while a sync is under way")


def test_events_have_no_gap_and_resume():
    events = read_events("/v1/events?follow=0")
    check([e["seq"] for e in events] == list(range(1, len(events) + 1)), "sequence numbers")
    types = {e["type"] for e in events}
    check({"build.enabled", "build.finished", "build.extended", "build.ended"} <= types, types)
    ended = [e for e in events if e["type"] == "build.ended" and e["build"] == "one"]
    check(len(ended) == 1 and ended[0]["reason"] == "superseded", ended)
    check(read_events(f"/v1/events?follow=0&since={events[4]['seq']}") == events[5:], "resume")
    expect(call("GET", f"/v1/events?since={events[-1]['seq'] + 1}"), 400, "invalid")
    expect(call("GET", "/v1/events?since=x"), 400, "invalid")


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


def test_status_pools_version():
    status = expect(call("GET", "/v1/status"), 200).json
    check(status["engine"] == "xdp" and status["carrying"] == "xdp", status["engine"])
    check(status["engines"]["xdp"]["packets"] == status["engines"]["xdp"]["verdicts"]["forwarded"], "packets")
    check(status["builds"]["running"] == 1, status["builds"])
    names = [i["name"] for i in status["kernel"]["interfaces"]]
    check(names == ["public", "builds"], names)
    check(all(i["attachment"] == "attached" for i in status["kernel"]["interfaces"]), status["kernel"])
    pools = expect(call("GET", "/v1/pools"), 200).json
    total = pools["total"]
    check(total["used"] + total["free"] + total["quarantined"] == total["total"] == 1001, total)
    check(pools["pools"][0]["advertise"] == "192.0.2.1", pools)
    check(expect(call("GET", "/v1/version"), 200).json["api"] == "v1", "version")


def metrics(text):
    rows = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            name, value = line.rsplit(" ", 1)
            rows[name] = float(value)
    return rows


def test_metrics_are_prometheus_text():
    answer = expect(call("GET", "/metrics"), 200)
    check(answer.headers["Content-Type"].startswith("text/plain; version=0.0.4"), "media type")
    rows = metrics(answer.text)
    check(rows['sallyport_builds{state="running"}'] == 1, "builds")
    check(rows['sallyport_carrying{engine="xdp"}'] == 1, "engine")
    check('sallyport_packets_total{engine="dpdk",verdict="forwarded"}' in rows, "verdicts")
    for name in {re.sub(r"\{.*", "", row) for row in rows}:
        check(f"# HELP {name} " in answer.text and f"# TYPE {name} " in answer.text, name)


def test_metrics_over_tcp_and_nothing_else():
    port = int(os.environ["API_METRICS_PORT"])
    for path, status in (("/metrics", 200), ("/v1/status", 403), ("/v1/builds", 403)):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", path)
        check(connection.getresponse().status == status, f"{path} over TCP")
        connection.close()


def test_openapi_names_every_route_and_field():
    document = expect(call("GET", "/v1/openapi.json"), 200).json
    check(document["openapi"].startswith("3.1"), document["openapi"])
    check(document == call("GET", "/openapi.json").json, "the same at the root")
    paths = document["paths"]
    check({"get", "put", "delete"} == set(paths["/v1/builds/{id}"]), paths["/v1/builds/{id}"])
    names = [o["operationId"] for p in paths.values() for o in p.values()]
    check(len(names) == len(set(names)), "operation ids are unique")
    text = json.dumps(document)
    for reference in re.findall(r'"\$ref": "#/components/schemas/(\w+)"', text):
        check(reference in document["components"]["schemas"], reference)
    request = document["components"]["schemas"]["BuildRequest"]
    check(request["additionalProperties"] is False and request["required"] == ["nodes"], request)
    for path, operations in paths.items():
        for method, operation in operations.items():
            got = call(method.upper(), path.replace("{id}", "none"), "{}" if method in ("put", "post") else None) \
                if path != "/v1/events" else call("GET", "/v1/events?follow=0")
            check(str(got.status) in operation["responses"], f"{method} {path} answered {got.status}")


def as_user(uid, method, path, body=None, via=SOCKET, headers=None):
    """One call by another user of this host. Result: status and body."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        answer = call(method, path, body, headers, via=via)
        os.write(writer, json.dumps([answer.status, answer.json]).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    check(os.waitpid(child, 0)[1] == 0, f"a call by uid {uid}")
    return json.loads(text)


def test_roles_go_by_the_peer():
    for uid, method, path, status, role in [
            (VIEWER_UID, "GET", "/v1/builds/live", 200, None),
            (VIEWER_UID, "DELETE", "/v1/builds/live", 403, "operator"),
            (VIEWER_UID, "PUT", "/v1/builds/live", 403, "orchestrator"),
            (VIEWER_UID, "POST", "/v1/sync", 403, "orchestrator"),
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
    check(len(changing) == 5, changing)
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


def main(names):
    tests = [(name, test) for name, test in names.items() if name.startswith("test_")]
    for name, test in tests:
        try:
            test()
            os.kill(PID, 0)
        except (AssertionError, OSError, ValueError, KeyError, http.client.HTTPException) as error:
            print(f"not ok - {name[5:].replace('_', ' ')}: {type(error).__name__}: {error}", file=sys.stderr)
            return 1
        print(f"ok - {name[5:].replace('_', ' ')}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(globals()))
