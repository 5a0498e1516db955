"""A lean mail server that takes everything and keeps nothing: `python -m tests.benchmarks.sink PORT`.

It speaks just enough SMTP for one kept connection; commands may come several at once, as nearly every real
server allows. It ends with its standard input.
"""

from __future__ import annotations

import asyncio
import sys

END = b"\r\n.\r\n"


class Sink(asyncio.Protocol):
    """One conversation."""

    def __init__(self) -> None:
        self.heard = bytearray()
        self.in_message = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self.heard += data
        answers = b""
        while True:
            end = END if self.in_message else b"\r\n"
            at = self.heard.find(end)
            if at < 0:
                break
            words = bytes(self.heard[:at])
            del self.heard[: at + len(end)]
            answers += self.answer(words)
        if answers:
            self.transport.write(answers)

    def answer(self, words: bytes) -> bytes:
        """What a server says to a line, or to a whole message."""
        if self.in_message:
            self.in_message = False
            return b"250 taken\r\n"
        verb = words[:4].upper()
        if verb == b"EHLO":
            return b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n"
        if verb == b"DATA":
            self.in_message = True
            return b"354 go on\r\n"
        return b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n"


async def main(port: int) -> None:
    """Serves until standard input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Sink, "127.0.0.1", port)
    async with server:
        await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
