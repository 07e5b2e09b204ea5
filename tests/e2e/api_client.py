# SPDX-License-Identifier: BSD-3-Clause
"""What the parts of the API's contract share: one call to the daemon of API_*, and what its answer must be."""
import contextlib
import functools
import http.client
import json
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lab"))
import api_schema  # noqa: E402
import unix_http  # noqa: E402

SOCKET = os.environ["API_SOCKET"]
VIEWER_SOCKET = os.environ["API_VIEWER_SOCKET"]
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

    def lines(self):
        return [json.loads(line) for line in self.text.splitlines()]


@functools.cache
def document():
    """What the daemon says of itself; each answer is held against it."""
    connection = Connection()
    connection.request("GET", "/v1/openapi.json")
    described = api_schema.Document(json.loads(connection.getresponse().read()))
    connection.close()
    return described


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
    document().check_answer(method, path, answer)
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


def as_user(uid, method, path, body=None, via=SOCKET, headers=None):
    """One call by another user of this host. Result: status and body."""
    document()
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


def main(names):
    document()
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
