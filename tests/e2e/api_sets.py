#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Lists and whole sets of builds in the API, against a real daemon: api_sets.py, with what api_test.sh says in API_*."""
import json
import select
import sys
import time

from api_client import Answer, Connection, build, call, check, expect, main, pointers


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


if __name__ == "__main__":
    sys.exit(main(globals()))
