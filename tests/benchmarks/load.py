"""The visitors: a few keep-alive connections in one process, each asking again as soon as it is answered.

`python -m tests.benchmarks.load PORT CLIENTS SECONDS PATH BODY [HEADER ...]`; `{n}` in the path counts the
requests; a BODY that is not empty is posted as a form. Prints one JSON object. Plain sockets, because
http.client would be the slowest part of the measurement.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time

MOST_REQUESTS = 100_000  # of one run
LONGEST_SILENCE = 20.0  # seconds


class Visitor:
    """One connection with at most one question on the way."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.answer = bytearray()
        self.asked = 0.0

    def ask(self, question: bytes) -> None:
        """Sends a request."""
        self.answer.clear()
        self.asked = time.perf_counter()
        self.socket.sendall(question)

    def hear(self) -> tuple[int, int] | None:
        """(status, length of the body) once the whole answer is here."""
        received = self.socket.recv(262_144)
        if not received:
            raise ConnectionError("the server hung up")
        self.answer += received
        end = self.answer.find(b"\r\n\r\n")
        if end < 0:
            return None
        head = bytes(self.answer[:end]).lower()
        status = int(head[9:12])
        at = head.find(b"\r\ncontent-length:")
        if at < 0:
            if status in (204, 304):
                return status, 0
            raise ConnectionError("an answer without a length")
        length = int(head[at + 17 :].split(b"\r\n", 1)[0])
        return (status, length) if len(self.answer) >= end + 4 + length else None


def run(
    port: int, clients: int, seconds: float, path: str, body: str, headers: list[str]
) -> dict[str, object]:
    """Asks for so long; how many answers came, how long each took, how many bytes they had."""
    tail = "".join(f"{header}\r\n" for header in headers)
    method = "POST" if body else "GET"
    if body:
        tail += f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
    template = (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept-Encoding: identity\r\n{tail}\r\n{body}"
    )
    counting = "{n}" in path
    stamp = time.time_ns() % 1_000_000_000  # two runs never ask for the same page
    fixed = template.encode()
    asked = 0

    def question() -> bytes:
        nonlocal asked
        asked += 1
        return template.replace("{n}", f"{stamp}{asked}").encode() if counting else fixed

    selector = selectors.DefaultSelector()
    visitors = [Visitor(port) for _ in range(clients)]
    for visitor in visitors:
        selector.register(visitor.socket, selectors.EVENT_READ, visitor)
    took: list[float] = []
    statuses: dict[int, int] = {}
    total = 0
    began = time.perf_counter()
    until = began + seconds
    for visitor in visitors:
        visitor.ask(question())
    waiting = len(visitors)
    while waiting:
        ready = selector.select(LONGEST_SILENCE)
        if not ready:
            raise TimeoutError("no answer came")
        for key, _events in ready:
            visitor = key.data
            heard = visitor.hear()
            if heard is None:
                continue
            now = time.perf_counter()
            took.append(now - visitor.asked)
            status, length = heard
            statuses[status] = statuses.get(status, 0) + 1
            total += length
            if now < until and asked < MOST_REQUESTS:
                visitor.ask(question())
            else:
                waiting -= 1
    lasted = time.perf_counter() - began
    for visitor in visitors:
        visitor.socket.close()
    took.sort()
    return {
        "requests": len(took),
        "per_second": len(took) / lasted,
        "p50_ms": took[len(took) // 2] * 1000,
        "p99_ms": took[int(len(took) * 0.99)] * 1000,
        "bytes": total / len(took),
        "statuses": statuses,
    }


if __name__ == "__main__":
    port, clients, seconds, path, body, *headers = sys.argv[1:]
    print(json.dumps(run(int(port), int(clients), float(seconds), path, body, headers)))
