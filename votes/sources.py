"""By which way accepted ballots came: counted per poll, hour and channel, after the commit, and tied to nothing else.

A count may be lost where a process ends; then the ballots are there and their source is not known.
"""

import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from foundation.clock import database_now, local
from foundation.transaction import transaction
from votes.models import Channel, TurnoutChannel
from votes.polls import poll_to_read
from votes.turnout import figures_of

log = structlog.get_logger(__name__)
HEADER = "X-Channel"
DIRECT, OTHER, UNKNOWN = "direct", "other", ""
OWN_CHANNELS: Mapping[str, str] = {"menu": "公众号菜单", "chat": "公众号聊天", "column": "焦作党建网专栏"}
"""The channels that every poll has: the service marks these ways itself."""

_REST = {DIRECT: "没有标记（直接打开、转发等）", OTHER: "其他标记"}
_KEY = re.compile(r"[a-z0-9-]{1,24}")
_PAUSE = 5.0  # seconds between two writes of one process
_MOST_KINDS = 2_000  # of poll, hour and channel in memory, whatever is sent

Source = tuple[str, datetime, str]
"""The poll's slug, the hour, the channel."""

_ADD = text(
    """
INSERT INTO turnout_channel (poll_id, hour, channel, ballots)
SELECT poll.id, entry.hour, coalesce(known.key, own.key, 'other') AS channel, sum(entry.ballots)
FROM json_to_recordset(CAST(:entries AS json)) AS entry (slug text, hour timestamptz, channel text, ballots bigint)
JOIN poll ON poll.slug = entry.slug
LEFT JOIN poll_channel AS known ON known.poll_id = poll.id AND known.key = entry.channel
LEFT JOIN unnest(CAST(:own AS text[])) AS own (key) ON own.key = entry.channel
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
ON CONFLICT (poll_id, hour, channel) DO UPDATE SET ballots = turnout_channel.ballots + excluded.ballots
"""
)


@dataclass(frozen=True, slots=True)
class SourceShare:
    """How many ballots came by one channel, in all and on the day that is now in Asia/Shanghai."""

    key: str
    name: str
    ballots: int
    today: int


class SourceCounter:
    """Counts in this process and has it written every few seconds by a thread of its own; casting never waits."""

    def __init__(self, write: Callable[[Mapping[Source, int]], object], *, pause: float = _PAUSE) -> None:
        self._write = write
        self._pause = pause
        self._lock = threading.Lock()
        self._counts: Counter[Source] = Counter()
        self._some = threading.Event()
        self._thread: threading.Thread | None = None

    def count(self, slug: str, accepted_at: datetime, sent: str) -> None:
        """Count one accepted ballot; `sent` is what its page says of the way it was opened by."""
        hour = accepted_at.replace(minute=0, second=0, microsecond=0)
        with self._lock:
            source = (slug, hour, channel_sent(sent))
            known = source in self._counts or len(self._counts) < _MOST_KINDS
            self._counts[source if known else (slug, hour, OTHER)] += 1
            self._ensure_running()
        if not self._some.is_set():
            self._some.set()

    def flush(self) -> None:
        """Write what was counted; where the database is away it is kept for the next time."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        if not counts:
            return
        try:
            self._write(counts)
        except SQLAlchemyError as error:
            log.warning("sources_wait_for_the_database", error=type(error).__name__)
            with self._lock:
                self._counts.update(counts)

    def _ensure_running(self) -> None:
        """Start the thread at the first ballot; where the system gives none, the next ballot asks again."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="sources", daemon=True)
            with suppress(RuntimeError):
                self._thread.start()

    def _run(self) -> None:
        while True:
            self._some.wait()
            self._some.clear()
            time.sleep(self._pause)
            self.flush()


def channel_sent(sent: str) -> str:
    """Return the channel a page names; whether the poll has it is asked when it is written."""
    if not sent:
        return DIRECT
    return sent if _KEY.fullmatch(sent) else OTHER


def write_sources(counts: Mapping[Source, int]) -> None:
    """Add counts to the table; channels that a poll does not have fold into one, polls that are gone are left out."""
    entries = [
        {"slug": slug, "hour": hour.isoformat(), "channel": channel, "ballots": ballots}
        for (slug, hour, channel), ballots in counts.items()
    ]
    with transaction() as session:
        session.execute(_ADD, {"entries": json.dumps(entries), "own": [*OWN_CHANNELS, DIRECT]})


def turnout_by_source(slug: str) -> tuple[SourceShare, ...]:
    """Return the poll's channels, in the order in which they were set up and never by their size; raises NotFound.

    The last, with an empty key, is what was accepted and not counted. It is left out where there is none.
    """
    with transaction() as session:
        poll = poll_to_read(session, slug)
        figures = figures_of(session, poll.id)
        midnight = local(database_now(session)).replace(hour=0, minute=0, second=0, microsecond=0)
        today = func.sum(TurnoutChannel.ballots).filter(TurnoutChannel.hour >= midnight)
        query = select(TurnoutChannel.channel, func.sum(TurnoutChannel.ballots), func.coalesce(today, 0))
        rows = session.execute(query.where(TurnoutChannel.poll_id == poll.id).group_by(TurnoutChannel.channel))
        counted = {channel: (int(ballots), int(of_today)) for channel, ballots, of_today in rows}
        own = session.execute(select(Channel.key, Channel.name).where(Channel.poll_id == poll.id).order_by(Channel.id))
        names = {**OWN_CHANNELS, **{row.key: row.name for row in own}, **_REST}
    shares = [SourceShare(key, name, *counted.get(key, (0, 0))) for key, name in names.items()]
    lost = figures.ballots + figures.waiting - sum(ballots for ballots, _ in counted.values())
    return (*shares, *([SourceShare(UNKNOWN, "来源不明", lost, 0)] if lost > 0 else []))
