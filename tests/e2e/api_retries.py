#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The API's idempotency keys, against a real daemon: api_retries.py, with what api_test.sh says in API_*."""
import json
import sys

from api_client import OPERATOR_UID, as_user, build, call, check, expect, main


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


def failures():
    lines = call("GET", "/v1/events?since=0&follow=0").text.splitlines()
    return [event for event in map(json.loads, lines) if event["type"] == "delivery.failed"]


def test_a_dead_letter_is_told_once():
    seq = json.loads(call("GET", "/v1/events?since=0&follow=0").text.splitlines()[0])["seq"]
    before, key = failures(), {"Idempotency-Key": "dead-letter-of-a-test"}
    letter = {"seq": seq, "hook": "10-notify", "tries": 3, "reason": "status 7"}
    for _ in range(2):
        check(expect(call("POST", "/v1/dead-letters", letter, key), 204).text == "", "an answer without a body")
    told = failures()
    check(len(told) == len(before) + 1, f"{len(told) - len(before)} events")
    check((told[-1]["hook"], told[-1]["failed_seq"]) == ("10-notify", seq), told[-1])
    check(told[-1]["detail"].endswith(": 3 tries: status 7"), told[-1])
    expect(call("POST", "/v1/dead-letters", {**letter, "seq": told[-1]["seq"]}), 204)
    check(failures() == told, "no event tells of one of its own kind")
    for pointer, wrong in (("/seq", {**letter, "seq": 10 ** 9}), ("/hook", {**letter, "hook": "a: b"}),
                           ("/hook", {"seq": seq}), ("/tries", {**letter, "tries": 0})):
        answer = expect(call("POST", "/v1/dead-letters", wrong), 400, "invalid")
        check([error["pointer"] for error in answer.json["errors"]] == [pointer], answer.text)


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


if __name__ == "__main__":
    sys.exit(main(globals()))
