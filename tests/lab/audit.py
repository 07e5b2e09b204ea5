#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Connections that end in every way, and whether the audit has them all, stdlib only.

  audit.py serve PORT                                       the other end, until it is killed
  audit.py dial ADDRESS PORT NUMBER RATE SEED SOURCE...     prints a line of JSON for each
  audit.py hold ADDRESS PORT NUMBER SEED SOURCE...          the same of such as the session's end cuts;
                                                            first a line "held" once all are idle
  audit.py compare DIALLED RECORDS CAPTURE                  files; prints what differs, exit 1 then

Each sends a header and some bytes, and is sent some. STYLES says who ends it and how. RECORDS is
what `sqlite3 -json` prints of the table connections, CAPTURE what passed at the VM. Bytes are those
of TCP payload, each once, however often it was sent.
"""

import concurrent.futures
import json
import random
import socket
import struct
import sys
import threading
import time

import pcap

HEADER = struct.Struct("!cII")
FIRST_PORT = 20000
FIRST_HELD_PORT = 30000  # no port of before, which may still be in TIME_WAIT
PATIENCE_S = 60
SLACK_NS = 1_000_000_000  # of the two clocks that a time is made of
STYLES = {
    b"c": "closed by the client",
    b"h": "closed by the client",  # after what it sends; then it is sent some
    b"v": "closed by the VM",
    b"C": "reset by the client",
    b"V": "reset by the VM",
}
HELD = b"x"


def read_exactly(end, size):
    parts = []
    while size:
        part = end.recv(min(size, 65536))
        if not part:
            raise ConnectionError("closed too early")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def reset(end):
    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    end.close()


def serve_one(end):
    end.settimeout(PATIENCE_S)
    style, up, down = HEADER.unpack(read_exactly(end, HEADER.size))
    read_exactly(end, up)
    if style == b"h":
        end.recv(1)
    end.sendall(bytes(down))
    if style == b"V":
        end.recv(1)
        reset(end)
        return
    if style == b"v":
        end.shutdown(socket.SHUT_WR)
    try:
        end.recv(1)
    except ConnectionResetError:
        pass
    end.close()


def serve(port):
    listener = socket.create_server(("", int(port)), backlog=512)
    print("up", flush=True)
    while True:
        end, _ = listener.accept()
        threading.Thread(target=serve_one, args=(end,), daemon=True).start()


def finish(end, style):
    """Ends a connection whose bytes have all come."""
    if style == b"C":
        reset(end)
        return
    if style == b"V":
        end.sendall(b"!")
    if style == b"c":
        end.shutdown(socket.SHUT_WR)
    try:
        end.recv(1)
    except ConnectionResetError:
        pass
    end.close()


def exchange(source, target, style, up, down):
    """Opens a connection and has all its bytes go their ways."""
    end = socket.create_connection(target, PATIENCE_S, source)
    end.sendall(HEADER.pack(style, up, down) + bytes(up))
    if style == b"h":
        end.shutdown(socket.SHUT_WR)
    read_exactly(end, down)
    return end


def dial_one(source, target, style, up, down):
    began_ns = time.time_ns()
    finish(exchange(source, target, style, up, down), style)
    return {"client": source[0], "client_port": source[1], "closed_by": STYLES[style],
            "bytes_to_vm": HEADER.size + up + (style == b"V"), "bytes_to_client": down,
            "began_ns": began_ns}


def dial(address, port, number, rate, seed, *sources):
    draw = random.Random(int(seed))
    jobs, begun = [], time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(64) as pool:
        for i in range(int(number)):
            if (left := begun + i / float(rate) - time.monotonic()) > 0:
                time.sleep(left)
            sizes = [draw.choice((0, draw.randrange(20_000), draw.randrange(300_000)))
                     for _ in range(2)]
            style = draw.choice(list(STYLES))
            jobs.append(pool.submit(dial_one, (sources[i % len(sources)], FIRST_PORT + i), (address, int(port)),
                                    style, sizes[0], max(sizes[1], style == b"C")))
    for job in jobs:
        print(json.dumps(job.result()))


def hold(address, port, number, seed, *sources):
    draw = random.Random(int(seed))
    ends, lines = [], []
    for i in range(int(number)):
        source = (sources[i % len(sources)], FIRST_HELD_PORT + i)
        up, down = draw.randrange(300_000), draw.randrange(300_000)
        lines.append({"client": source[0], "client_port": source[1], "closed_by": "session ended",
                      "bytes_to_vm": HEADER.size + up, "bytes_to_client": down,
                      "began_ns": time.time_ns()})
        ends.append(exchange(source, (address, int(port)), HELD, up, down))
    print("held", flush=True)
    for end, line in zip(ends, lines):
        try:
            line["closed_by"] = f"not reset, but {end.recv(1)}"
        except ConnectionResetError:
            pass
        print(json.dumps(line))


class Flow:
    """One connection as it passed: its latest SYN, since one may be lost, and the bytes each way."""

    def __init__(self):
        self.syn_ns, self.syn, self.pieces = None, {}, {True: [], False: []}

    def bytes(self, toward_vm):
        """Counts the numbers that payload had, each once."""
        total, end = 0, 0
        for begin, size in sorted(self.pieces[toward_vm]):
            total += max(0, begin + size - max(end, begin))
            end = max(end, begin + size)
        return total


def flows(path):
    """Returns {(client, client port): Flow}; every client port is used once."""
    found = {}
    for at_ns, frame in pcap.records(path):
        if frame[12:14] != b"\x08\x00" or frame[23] != 6:
            continue
        tcp = 14 + (frame[14] & 15) * 4
        ports = struct.unpack("!HH", frame[tcp : tcp + 4])
        seq = struct.unpack("!I", frame[tcp + 4 : tcp + 8])[0]
        toward_vm = ports[0] >= FIRST_PORT
        client = socket.inet_ntoa(frame[26:30] if toward_vm else frame[30:34])
        flow = found.setdefault((client, ports[0] if toward_vm else ports[1]), Flow())
        size = struct.unpack("!H", frame[16:18])[0] - (tcp - 14) - (frame[tcp + 12] >> 4) * 4
        if frame[tcp + 13] & 2:
            flow.syn[toward_vm] = seq
            flow.syn_ns = at_ns
        elif size:
            flow.pieces[toward_vm].append(((seq - flow.syn[toward_vm] - 1) % 2**32, size))
    return found


def differences(dialled, record, flow):
    """Yields what is wrong with the record of one connection."""
    for field in ("bytes_to_vm", "bytes_to_client", "closed_by"):
        if record[field] != dialled[field]:
            yield f"{field} {record[field]}, was {dialled[field]}"
    for field, toward_vm in (("bytes_to_vm", True), ("bytes_to_client", False)):
        if record[field] != flow.bytes(toward_vm):
            yield f"{field} {record[field]}, captured {flow.bytes(toward_vm)}"
    if not dialled["began_ns"] - SLACK_NS <= record["opened_wall_ns"] <= flow.syn_ns + SLACK_NS:
        yield f"opened at {record['opened_wall_ns']}, captured at {flow.syn_ns}"
    if record["closed_wall_ns"] < record["opened_wall_ns"]:
        yield "closed before it was opened"


def compare(dialled_path, records_path, capture_path):
    with open(dialled_path, encoding="utf-8") as lines:
        dialled = {(one["client"], one["client_port"]): one for one in map(json.loads, lines)}
    with open(records_path, encoding="utf-8") as file:
        records = json.load(file)
    captured = flows(capture_path)
    keys = [(record["client"], record["client_port"]) for record in records]
    wrong = [f"{key}: recorded {keys.count(key)} times" for key in dialled if keys.count(key) != 1]
    wrong += [f"{key}: recorded, never dialled" for key in keys if key not in dialled]
    wrong += [f"{key}: not captured" for key in dialled if key not in captured]
    for key, record in zip(keys, records):
        if key in dialled and key in captured:
            wrong += [f"{key}: {what}" for what in differences(dialled[key], record, captured[key])]
    print("\n".join(wrong[:20]), end="\n" if wrong else "")
    total = sum((record["bytes_to_vm"] or 0) + (record["bytes_to_client"] or 0) for record in records)
    print(f"{len(dialled)} dialled, {len(records)} records, {len(captured)} captured, "
          f"{total} bytes, {len(wrong)} differ")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    VERBS = {"serve": serve, "dial": dial, "hold": hold, "compare": compare}
    if len(sys.argv) < 3 or sys.argv[1] not in VERBS:
        sys.exit(__doc__)
    VERBS[sys.argv[1]](*sys.argv[2:])
