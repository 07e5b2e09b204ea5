#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Requests from the daemon's own OpenAPI document, valid and mutated: api_fuzz.py COUNT SEED.

No answer may be a 5xx, but for a documented 503 of a full pool; each problem is well-formed; the
daemon goes on. Prints how many of each status there were."""
import collections
import json
import os
import random
import re
import sys

import api_schema
from api_client import Connection

SOCKET_ERRORS = (OSError, ValueError)
TEXTS = ["", "x", "10.0.9.1", "::1", "2001:db8::1", "0.0.0.0", "10.0.0.0/8", "a" * 200, "\u0000", "\u001b[2J",
         "é" * 40, "2026-11-23T12:00:03Z", "9999-12-31T23:59:59Z", "ssh-ed25519 AAAA", "../..", "%s%n", "-", "null"]
NUMBERS = [0, 1, -1, 22, 65535, 65536, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 63 - 1, -2 ** 63, 1.5, 1e300]
ALLOWED_503 = {"no-ports", "table-full"}


class Maker:
    def __init__(self, document, rng):
        self.schemas = document["components"]["schemas"]
        self.rng = rng

    def text(self, schema):
        rng = self.rng
        if schema.get("format") == "date-time":
            return f"2026-11-{rng.randint(1, 30):02}T{rng.randint(0, 23):02}:00:00Z"
        if "pattern" in schema and "tcp|udp" in schema["pattern"]:
            return rng.choice(["tcp", "udp"])
        if schema.get("description", "").startswith("the VM's address"):
            return f"10.0.{rng.randint(0, 255)}.{rng.randint(1, 254)}"
        return rng.choice(["abc", "user", "x1", "build_7", "203.0.113.0/24", "ssh-ed25519 AAAAC3Nz"])

    def value(self, schema, depth=0):
        rng = self.rng
        if "$ref" in schema:
            return self.value(self.schemas[schema["$ref"].rsplit("/", 1)[1]], depth + 1)
        if "anyOf" in schema:
            return self.value(schema["anyOf"][0 if rng.random() < 0.9 else 1], depth)
        kind = schema.get("type")
        if kind == "object":
            required = schema.get("required", [])
            return {name: self.value(member, depth + 1) for name, member in schema["properties"].items()
                    if name in required or rng.random() < 0.3}
        if kind == "array":
            most = min(schema.get("maxItems", 3), 3)
            return [self.value(schema["items"], depth + 1)
                    for _ in range(rng.randint(min(schema.get("minItems", 0), most), most))]
        if kind == "integer":
            low, high = schema.get("minimum", 0), min(schema.get("maximum", 1000), 65535)
            return rng.randint(low, max(low, high))
        return {"boolean": rng.random() < 0.5, "null": None}.get(kind, self.text(schema))

    def mutate(self, value):
        """Something small goes wrong somewhere in value."""
        rng = self.rng
        if isinstance(value, dict) and value and rng.random() < 0.8:
            name = rng.choice(list(value))
            action = rng.random()
            if action < 0.2:
                return {k: v for k, v in value.items() if k != name}
            if action < 0.3:
                return {**value, rng.choice(["x", "é", "a/b~c", "nodes "]): 1}
            return {**value, name: self.mutate(value[name])}
        if isinstance(value, list) and value and rng.random() < 0.7:
            at = rng.randrange(len(value))
            return value[:at] + [self.mutate(value[at])] + (value[at:] if rng.random() < 0.3 else value[at + 1:])
        return rng.choice([None, True, [], {}, [[]], rng.choice(TEXTS), rng.choice(NUMBERS)])


def break_text(text, rng):
    at = rng.randrange(len(text) + 1)
    return rng.choice([text[:at], text[:at] + rng.choice('{}[]",:\\0') + text[at:], text + text,
                       "[" * rng.randint(1, 3000), text[:at] + "\ud7ff" + text[at:]])


def make_path(path, operation, maker):
    rng = maker.rng
    ids = ["a", "b", f"b{rng.randint(0, 999)}", f"c{rng.randint(0, 99999)}"] if rng.random() < 0.9 else ["%00", "a%2fb", "x" * 129, "..", "%"]
    path = path.replace("{id}", rng.choice(ids))
    arguments = []
    for parameter in operation["parameters"]:
        if parameter["in"] == "query" and rng.random() < 0.5:
            schema = parameter["schema"]
            value = rng.choice(schema.get("enum", ["1", "10", "a"])) if rng.random() < 0.8 else \
                rng.choice(["", "-1", "99999999999999999999", "%00", "é".encode().hex()])
            arguments.append(f"{parameter['name']}={value}")
    if operation["operationId"] == "followEvents":
        arguments = [a for a in arguments if not a.startswith("follow")] + ["follow=0"]
    return path + ("?" + "&".join(arguments) if arguments else "")


def make_headers(operation, maker):
    """Of the operation's headers some, with few values, so that they meet again, and wrong ones."""
    rng = maker.rng
    return {parameter["name"]: rng.choice([str(rng.randint(0, 200)), f'"{rng.randint(0, 200)}"', "*", "\xe9",
                                           "", "x" * 129, 'a"b', '"', "1 2"])
            for parameter in operation["parameters"] if parameter["in"] == "header" and rng.random() < 0.2}


def make_request(operations, maker):
    rng = maker.rng
    method, path, operation = rng.choice(operations)
    body = None
    if "requestBody" in operation:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        value = maker.value(schema)
        for _ in range(rng.choice([0, 0, 0, 1, 1, 2, 4])):
            value = maker.mutate(value)
        if operation["operationId"] == "sync" and isinstance(value, dict) and rng.random() < 0.9:
            value["dry_run"] = True
        body = json.dumps(value)
        if rng.random() < 0.1:
            body = break_text(body, rng)
    if rng.random() < 0.02:
        method = rng.choice(["GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD"])
    return method, make_path(path, operation, maker), body, make_headers(operation, maker)


def read_answer(connection, response):
    """A capture goes on for as long as it was asked to: whoever asked goes away at its beginning."""
    if response.headers.get("Content-Type") == "application/x-pcapng":
        connection.close()
        return ""
    return response.read().decode()


class Answer:
    def __init__(self, response, text):
        self.status, self.headers, self.text = response.status, response.headers, text
        self.json = json.loads(text) if text[:1] in ("{", "[") and text.count("\n") < 2 else None

    def lines(self):
        return [json.loads(line) for line in self.text.splitlines()]


def check_answer(described, request, response, text):
    status, head = response.status, request[0] == "HEAD"
    if head:
        return None
    try:
        described.check_answer(*request, Answer(response, text))
    except api_schema.Wrong as wrong:
        return str(wrong)
    if status < 400:
        return None
    try:
        problem = json.loads(text)
        whole = all(name in problem for name in ("type", "title", "status", "detail"))
        slug = problem["type"].rsplit(":", 1)[1]
    except SOCKET_ERRORS + (KeyError, IndexError):
        return None if status == 400 and not text.startswith("{") else f"not a problem: {text[:200]}"
    if not whole or problem["status"] != status or not re.fullmatch("[a-z0-9-]+", slug):
        return f"a malformed problem: {text[:200]}"
    if status >= 500 and not (status == 503 and slug in ALLOWED_503):
        return f"status {status}: {text[:200]}"
    return None


def main(count, seed):
    rng = random.Random(seed)
    connection = Connection()
    connection.request("GET", "/v1/openapi.json")
    document = json.loads(connection.getresponse().read())
    operations = [(method.upper(), path, operation) for path, methods in document["paths"].items()
                  for method, operation in methods.items()]
    operations += [o for o in operations if "requestBody" in o[2]] * 3
    maker, described = Maker(document, rng), api_schema.Document(document)
    statuses = collections.Counter()
    for number in range(count):
        method, path, body, headers = make_request(operations, maker)
        if body:
            headers["Content-Type"] = "application/json"
        try:
            connection.request(method, path, body and body.encode("utf-8", "surrogatepass"),
                               headers)
            response = connection.getresponse()
            text = read_answer(connection, response)
        except Exception as error:  # whatever it is, the request that led to it is what counts
            print(f"request {number} of seed {seed}: {method} {path} {(body or '')[:300]}: {error!r}")
            return 1
        statuses[response.status] += 1
        wrong = check_answer(described, (method, path), response, text)
        if wrong:
            print(f"request {number} of seed {seed}: {method} {path} {(body or '')[:300]}: {wrong}")
            return 1
    os.kill(int(os.environ["API_PID"]), 0)
    print(" ".join(f"{status}:{nr}" for status, nr in sorted(statuses.items())))
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
