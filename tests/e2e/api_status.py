#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What the API says of itself, against a real daemon: api_status.py, with what api_test.sh says in API_*."""
import http.client
import json
import os
import re
import sys

import api_schema
from api_client import call, check, document, expect, main


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
    status = expect(call("GET", "/v1/status"), 200).json
    for engine, figures in status["engines"].items():
        for direction, count in figures["bytes"].items():
            check(rows[f'sallyport_bytes_total{{engine="{engine}",direction="{direction}"}}'] <= count, direction)
    for name in {re.sub(r"(_seconds)_(bucket|sum|count)$", r"\1", row.split("{")[0]) for row in rows}:
        check(f"# HELP {name} " in answer.text and f"# TYPE {name} " in answer.text, name)


def test_metrics_over_tcp_and_nothing_else():
    port = int(os.environ["API_METRICS_PORT"])
    for path, status in (("/metrics", 200), ("/v1/status", 403), ("/v1/builds", 403)):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", path)
        answer = connection.getresponse()
        check(answer.status == status, f"{path} over TCP")
        check(status == 200 or "on the UNIX socket that api.socket names" in json.load(answer)["detail"], path)
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


def test_every_schema_of_an_answer_has_a_valid_example():
    described = document()
    refused = 0
    for name, schema in described.schemas.items():
        if name.endswith("Request") or "oneOf" in schema:
            continue
        example, = schema["examples"]
        described.check(example, schema, name)
        refused += all(is_refused(described, schema, broken) for broken in broken_ones(example))
    check(refused > 60, f"{refused} schemas of answers")
    for choice, prefix in (("Event", ""), ("Problem", "urn:sallyport:problem:")):
        for value, reference in described.schemas[choice]["discriminator"]["mapping"].items():
            check(described.named(reference)["examples"][0]["type"] == value, value)
            check(value.startswith(prefix), value)


def broken_ones(example):
    """With a member that is not declared, without any, and each of another type."""
    yield {**example, "undeclared": 1}
    yield {}
    for name in example:
        yield {**example, name: [[]]}


def is_refused(described, schema, value):
    try:
        described.check(value, schema)
    except api_schema.Wrong:
        return True
    raise AssertionError(f"{value} passes for {schema}")


if __name__ == "__main__":
    sys.exit(main(globals()))
