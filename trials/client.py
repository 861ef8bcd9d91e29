"""Voters' phones: raw keep-alive connections that send ballots and hold on to every answer."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from secrets import token_hex

_ANSWER_WITHIN = 15.0  # seconds
_RECEIPT = b'"receipt":'


class Lost(Exception):
    """The answer did not arrive; whether the ballot did, nobody knows yet."""


@dataclass(frozen=True, slots=True)
class Ballot:
    """What a phone sends: the voter it belongs to, their cookie, choices and nonce."""

    voter: int
    cookie: str
    choices: tuple[int, ...]
    nonce: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it came."""

    status: int
    body: bytes

    @property
    def receipt(self) -> bytes:
        """The receipt's own bytes, empty where there is none."""
        start = self.body.find(_RECEIPT)
        return self.body[start + len(_RECEIPT) : -1] if start >= 0 else b""


@dataclass(frozen=True, slots=True)
class Site:
    """Where a poll's ballots go, and what its page sends along."""

    port: int
    origin: str
    slug: str
    token: str

    def request(self, ballot: Ballot) -> bytes:
        body = json.dumps({"choices": ballot.choices, "nonce": ballot.nonce}).encode()
        head = (
            f"POST /polls/{self.slug}/ballots HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nOrigin: {self.origin}\r\n"
            f"X-CSRFToken: {self.token}\r\nCookie: voter={ballot.cookie}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


class Phone:
    """One connection, opened when it is needed and kept as long as the service keeps it."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def cast(self, ballot: Ballot) -> Answer:
        """Send the ballot once; raises Lost where no whole answer comes."""
        try:
            async with asyncio.timeout(_ANSWER_WITHIN):
                reader, writer = await self.connected()
                writer.write(self._site.request(ballot))
                await writer.drain()
                return await _read_answer(reader)
        except (OSError, EOFError, ValueError):
            self.hang_up()
            raise Lost from None

    async def cast_until_answered(self, ballot: Ballot) -> Answer:
        """Try again with the same nonce, as the ballot page does, until an answer says more than 'not now'."""
        pause = 0.05
        while True:
            try:
                answer = await self.cast(ballot)
                if answer.status != 503:
                    return answer
            except Lost:
                pass
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, 0.5)

    async def send(self, ballot: Ballot) -> None:
        """Send the ballot and read no answer."""
        _, writer = await self.connected()
        writer.write(self._site.request(ballot))
        await writer.drain()

    def hang_up(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Return the connection's two ends, opening it first where there is none."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._site.port)
        return self._streams


async def _read_answer(reader: asyncio.StreamReader) -> Answer:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines if line)
    body = await reader.readexactly(int(headers["content-length"]))
    return Answer(int(first.split()[1]), body)


@contextmanager
def phones(site: Site, count: int) -> Iterator[list[Phone]]:
    """So many phones, all hung up at the end."""
    made = [Phone(site) for _ in range(count)]
    try:
        yield made
    finally:
        for phone in made:
            phone.hang_up()


async def cast_all(site: Site, ballots: Sequence[Ballot], *, at_once: int) -> list[Answer]:
    """Cast every ballot once, `at_once` of them at any moment, in their order; returns the answers in that order."""
    answers: list[Answer] = [Answer(0, b"")] * len(ballots)
    waiting = iter(enumerate(ballots))

    async def use(phone: Phone) -> None:
        for place, ballot in waiting:
            answers[place] = await phone.cast(ballot)

    with phones(site, at_once) as made:
        await asyncio.gather(*map(use, made))
    return answers


def new_nonce() -> str:
    return token_hex(16)
