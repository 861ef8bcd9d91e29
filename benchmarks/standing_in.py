"""A platform that takes every message at once: what stands in for WeChat where only our own cost is measured.

`python -m benchmarks.standing_in PORT`; GET /seen tells how many messages came, and when the first one did.
"""

import asyncio
import itertools
import json
import sys
import time

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json; encoding=utf-8\r\nContent-Length: %d\r\n\r\n"
TOKEN = json.dumps({"access_token": "T" * 136, "expires_in": 7200}).encode()


class Seen:
    """The messages that came."""

    def __init__(self) -> None:
        self.numbers = itertools.count(10**17)
        self.count = 0
        self.first_at = 0.0

    def answer(self, path: bytes) -> bytes:
        if path.startswith(b"/seen"):
            told = json.dumps({"count": self.count, "first_at": self.first_at}).encode()
            self.count = 0
            return told
        if b"stable_token" in path:
            return TOKEN
        if not self.count:
            self.first_at = time.time()
        self.count += 1
        return b'{"errcode":0,"errmsg":"ok","msgid":%d}' % next(self.numbers)


class Connection(asyncio.Protocol):
    """One kept connection: requests with their bodies whole, one after the other."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._read = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # a TCP server's
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._read += data
        while (end := self._read.find(b"\r\n\r\n")) >= 0:
            head = self._read[:end].lower()
            _, _, length = head.partition(b"content-length:")
            whole = end + 4 + int(length.split(b"\r\n", 1)[0] or 0)
            if len(self._read) < whole or self._transport is None:
                return
            body = self._seen.answer(self._read.split(b" ", 2)[1])
            self._read = self._read[whole:]
            self._transport.write(HEAD % len(body) + body)


async def serve(port: int) -> None:
    """Answer until killed."""
    seen = Seen()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(seen), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
