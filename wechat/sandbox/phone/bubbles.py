"""A chat as pages and programs see it: rows with the time between them, and JSON."""

from dataclasses import asdict, dataclass
from datetime import datetime

from wechat.sandbox.clock import PLATFORM_ZONE
from wechat.sandbox.state.chat import Delivery, Line
from wechat.sandbox.state.followers import Follower

PAUSE = 300


@dataclass(frozen=True)
class Row:
    """A line, and the time to print above it where the talk paused."""

    line: Line
    time: str | None


def rows(lines: tuple[Line, ...]) -> list[Row]:
    shown: list[Row] = []
    before = 0.0
    for line in lines:
        shown.append(Row(line, _clock_time(line.at) if line.at - before > PAUSE else None))
        before = line.at
    return shown


def follower_json(follower: Follower) -> dict[str, object]:
    return {
        "key": follower.key,
        "name": follower.name,
        "openid": follower.openid,
        "following": follower.following,
        "snapshot": follower.snapshot,
    }


def line_json(line: Line) -> dict[str, object]:
    """A line for programs; links are the addresses one could tap in it."""
    content = line.content
    return {
        "number": line.number,
        "at": line.at,
        "speaker": line.speaker,
        "via": line.via,
        "text": content.text,
        "articles": [asdict(article) for article in content.articles],
        "links": line.links(),
        "notice": asdict(content.notice) if content.notice else None,
        "picture": content.picture,
    }


def delivery_json(delivery: Delivery) -> dict[str, object]:
    return asdict(delivery)


def _clock_time(at: float) -> str:
    moment = datetime.fromtimestamp(at, PLATFORM_ZONE)
    return f"{moment.month}月{moment.day}日 {moment:%H:%M}"
