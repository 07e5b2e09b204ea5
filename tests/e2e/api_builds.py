#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Builds in the API, against a real daemon: api_builds.py, with what api_test.sh says in API_*."""
import re
import sys

from api_client import Answer, Connection, build, call, check, expect, main, pointers


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


def test_an_empty_allow_list_is_one_that_differs():
    """An absent one says nothing, an empty one says everybody."""
    body = build("10.0.9.31", allow=["192.0.2.0/24"])
    expect(call("PUT", "/v1/builds/listed", body), 201)
    expect(call("PUT", "/v1/builds/listed", build("10.0.9.31")), 200)
    problem = expect(call("PUT", "/v1/builds/listed", build("10.0.9.31", allow=[])), 409).json
    check(problem["errors"][0]["pointer"] == "/allow", problem)
    expect(call("PUT", "/v1/builds/open", build("10.0.9.32")), 201)
    expect(call("PUT", "/v1/builds/open", build("10.0.9.32", allow=[])), 200)
    for name in ("listed", "open"):
        expect(call("DELETE", f"/v1/builds/{name}"), 204)


def test_builds_are_found_by_the_address_of_a_vm():
    expect(call("PUT", "/v1/builds/there", build("10.0.9.71", "10.0.9.72")), 201)
    for address, want in (("10.0.9.72", ["there"]), ("10.0.9.73", []), ("2001:db8::1", [])):
        answer = expect(call("GET", "/v1/builds?address=" + address), 200)
        check([each["id"] for each in answer.json["builds"]] == want, f"{address}: {answer.json}")
    expect(call("DELETE", "/v1/builds/there"), 204)


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
    answer = expect(call("POST", "/v1/builds", "{}"), 405, "bad-method")
    check(answer.headers["Allow"] == "GET, HEAD", answer.headers["Allow"])
    check("; PUT /v1/builds/{id} does: Declare a build" in answer.json["detail"], answer.json["detail"])
    expect(call("GET", "/v1/sync"), 405, "bad-method")
    expect(call("GET", "/v1/status?verbose=1"), 400, "invalid")
    expect(call("GET", "/v1/builds?limit=0"), 400, "invalid")
    expect(call("GET", "/v1/builds?limit=1001"), 400, "invalid")
    expect(call("GET", "/v1/builds?after=-1"), 400, "invalid")
    expect(call("GET", "/v1/builds?state=asleep"), 400, "invalid")
    expect(call("GET", "/v1/builds?address=10.0.9.9:22"), 400, "invalid")
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
    held = {"build": "one", "node": 1, "forward": "ssh", "address": "10.0.9.2", "port": 22}
    check(answer.json["holder"] == held, answer.json)
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


if __name__ == "__main__":
    sys.exit(main(globals()))
