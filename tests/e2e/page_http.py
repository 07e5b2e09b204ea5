#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The status page as somebody hostile asks for it: by raw HTTP, in the edge's network namespace."""

import contextlib
import http.client
import json
import os
import re
import socket
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lab"))
import unix_http  # noqa: E402

EDGE = ("127.0.0.1", 9464)
FILES = ("style.css", "page.js", "status.js", "table.js", "build.js", "icon.svg")
DATA = ("/page/data/status", "/page/data/builds", "/page/data/builds/page-1")
PAGES = ("/", "/builds/page-1")
GUARDS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def ask(path, method="GET", body=None, headers=None):
    connection = http.client.HTTPConnection(*EDGE, timeout=20)
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    answer.text = answer.read().decode()
    connection.close()
    return answer


def raw(text):
    """Result: the status of what is answered to these bytes, 0 for none."""
    with socket.create_connection(EDGE, timeout=20) as sock:
        sock.sendall(text.encode("latin-1"))
        with contextlib.suppress(ConnectionResetError):
            line = sock.recv(4096).split(b"\r\n")[0].decode("latin-1")
            return int(line.split(" ")[1]) if line else 0
    return 0


def api(method, path, body=None):
    connection = unix_http.Connection(os.environ["PAGE_SOCKET"])
    status, text = connection.call(method, path, None if body is None else json.dumps(body))
    connection.close()
    return status, json.loads(text) if text else None


def test_pages_and_files_are_guarded():
    for path in PAGES + DATA + tuple(f"/page/{name}" for name in FILES):
        answer = ask(path)
        check(answer.status == 200, f"{path}: {answer.status} {answer.text[:200]}")
        for name, value in GUARDS.items():
            check(answer.headers[name] == value, f"{path}: {name}: {answer.headers[name]}")
        policy = answer.headers["Content-Security-Policy"]
        for rule in ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'",
                     "form-action 'none'", "require-trusted-types-for 'script'"):
            check(rule in policy, f"{path}: {policy}")
        check("unsafe" not in policy and "Set-Cookie" not in answer.headers, path)
        check("Access-Control-Allow-Origin" not in answer.headers, path)
        head = ask(path, "HEAD")
        check(head.status == 200 and head.text == "", f"HEAD of {path}")


def test_pages_are_self_contained():
    texts = {path: ask(path).text for path in PAGES + tuple(f"/page/{name}" for name in FILES)}
    for path, text in texts.items():
        outside = re.findall(r"(?:https?:)?//[\w.-]+\.\w+\S*", text.replace("http://www.w3.org/2000/svg", ""))
        check(not outside, f"{path}: {outside}")
        for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", " style=", " onclick="):
            check(word not in text, f"{path}: {word}")
    for path in PAGES:
        check("<script>" not in texts[path] and "<style" not in texts[path], f"{path}: nothing inline")
        for name in re.findall(r'(?:src|href)="(?:\.\./)?(page/[^"]+)"', texts[path]):
            check(f"/{name}" in texts, name)


def test_nothing_but_looking():
    for path in PAGES + DATA + ("/page/style.css", "/metrics"):
        for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
            answer = ask(path, method, body="{}" if method == "POST" else None)
            check(answer.status == 405, f"{method} {path}: {answer.status}")
            check(answer.headers["Allow"] == "GET, HEAD", f"{method} {path}: {answer.headers['Allow']}")
    for method, path in (("GET", "/v1/builds"), ("GET", "/v1/audit"), ("GET", "/v1/events"), ("PUT", "/v1/builds/evil"),
                         ("DELETE", "/v1/builds/page-1"), ("POST", "/v1/sync")):
        answer = ask(path, method, body="x" * 4096 if method in ("PUT", "POST") else None)
        check(answer.status == 403, f"{method} {path}: {answer.status}")
    check(api("GET", "/v1/builds/page-1")[1]["state"] == "running", "the build is as it was")


def test_paths_lead_nowhere_else():
    for path in ("/page/", "/page", "/page/nothing", "/page/../page/style.css", "/page/%2e%2e/etc/passwd", "//", "/./",
                 "/builds", "/builds/", "/builds/../page/style.css", "/builds/%2e%2e%2f", "/builds/a%00b", "/builds/a%0d%0ab",
                 "/builds/%3Cscript%3E", "/builds/page-1/", "/page/data", "/page/data/", "/page/data/builds/%ff",
                 "/page/style.css%00", "/page/style.css/", "/page/files.c", "/page/data/builds/..", "/index.html",
                 "/favicon.ico", "/" + "a" * 4000, "/builds/" + "a" * 129):
        answer = ask(path)
        check(answer.status in (400, 404), f"{path[:60]}: {answer.status}")
        check(answer.headers["Content-Type"] == "application/problem+json", path[:60])
        check(answer.headers["X-Content-Type-Options"] == "nosniff", path[:60])
    missing = ask("/builds/never-there")
    check(missing.status == 404 and missing.headers["Content-Type"].startswith("text/html"), "a build that is not there")
    check("never-there" not in missing.text, "nothing of the path is in the page")
    for line in ("GET /builds/<script> HTTP/1.1", "GET / HTTP/1.1\r\nHost: b", "GET http://127.0.0.1/#x HTTP/1.1",
                 "GET /" + "a" * 70000 + " HTTP/1.1"):
        status = raw(f"{line}\r\nHost: 127.0.0.1\r\n\r\n")
        check(status in (0, 400, 404, 413, 414, 431), f"{line[:60]}: {status}")


def test_only_our_names():
    for host in ("127.0.0.1:9464", "127.0.0.1", "localhost:9464", "LOCALHOST", "[::1]:9464", "192.0.2.1:80",
                 "edge.example.org", "Edge.Example.Org:8443"):
        for path in ("/", "/page/data/status"):
            check(raw(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n") == 200, f"{host}: {path}")
    for host in ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "edge.example.org.evil", "0x7f000001",
                 "2130706433", "127.1", "localhost.", "[::1", "", "a" * 300):
        for path in ("/", "/builds/page-1", "/page/data/status", "/page/status.js"):
            status = raw(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n")
            check(status in (400, 403), f"{host}: {path}: {status}")
    check(raw("GET / HTTP/1.1\r\n\r\n") == 400, "no Host")
    check(raw("GET / HTTP/1.0\r\n\r\n") == 403, "no Host, as HTTP/1.0 has it")
    check(raw("GET http://127.0.0.1/ HTTP/1.1\r\nHost: evil.example\r\n\r\n") == 403, "a whole URI, and another Host")
    check(raw("GET /metrics HTTP/1.1\r\nHost: evil.example\r\n\r\n") == 200, "metrics are for all names, as before")


def test_other_sites_may_lead_here_and_not_look():
    for site in ("cross-site", "same-site"):
        for path in PAGES + DATA:
            check(ask(path, headers={"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors"}).status == 403, path)
        check(ask("/builds/page-1", headers={"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"}).status == 200, site)


def test_queries_are_bounded():
    for query in ("since=18446744073709551616", "since=-1", "since=x", "after=18446744073709551615", "epoch=1.5", "x=1",
                  "since", "rows=1&limit=9"):
        status = ask(f"/page/data/builds?{query}").status
        check(status == 400, f"{query}: {status}")
    for rows in ("", ",", ",,,,", "x", "1,x,1", "0", "18446744073709551616", "-1", "1" * 5000, "1," * 5000):
        answer = ask(f"/page/data/builds?rows={rows}")
        check(answer.status == 200, f"rows={rows[:20]}: {answer.status}")
        check(len(json.loads(answer.text)["live"]) <= 64, f"rows={rows[:20]}: at most 64 are told of")
    for path in ("/page/data/status?x=1", "/?x", "/page/style.css?v=1"):
        check(ask(path).status == 400, path)


def test_data_is_what_viewers_have():
    build = api("GET", "/v1/builds/page-1")[1]
    answer = json.loads(ask("/page/data/builds").text)
    row = answer["rows"][0]
    check(row[1] == "page-1" and row[3] == build["state"] and row[12] == 1, row)
    known = {key: answer[key] for key in ("epoch", "tick")}
    again = json.loads(ask(f"/page/data/builds?epoch={known['epoch']}&since={known['tick']}&rows={row[0]}").text)
    check(again["rows"] == [] and not again["reset"] and again["live"][0][0] == row[0], again)
    check(json.loads(ask("/page/data/builds?epoch=1&since=1").text)["reset"], "another sallyportd's numbers")
    one = json.loads(ask("/page/data/builds/page-1").text)
    check(one["nodes"][0]["ssh"] == build["nodes"][0]["ssh"], one)
    text = ask("/page/data/status").text + json.dumps(one) + json.dumps(answer)
    for inside in (build["nodes"][0]["address"], os.environ["PAGE_SOCKET"], "/sys/fs/bpf", "link_path"):
        check(inside not in text, f"{inside} is nobody's business there")


def test_one_address_does_not_take_all():
    socks = []
    for _ in range(1000):
        with contextlib.suppress(OSError):
            socks.append(socket.create_connection(EDGE, timeout=20))
    # Another address of this host is somebody else, who scrapes.
    other = http.client.HTTPConnection(*EDGE, timeout=20, source_address=("127.0.0.9", 0))
    other.request("GET", "/metrics")
    check(other.getresponse().status == 200, "another address is served beside 1,000 connections")
    check(api("GET", "/v1/version")[0] == 200, "and so is the API")
    for sock in socks:
        sock.close()
    check(ask("/").status in (200, 429), "the page after them")


def main():
    for name, test in list(globals().items()):
        if name.startswith("test_"):
            test()
            print(f"ok - {name[5:].replace('_', ' ')}", flush=True)


main()
