"""How many tries the gate has refused, by hour and by which limit, and what is to be done about it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from foundation.keyvalue import RedisError
from foundation.transaction import transaction
from votes.gate import DAYS_KEPT, refused_key
from votes.polls import poll_to_read

HOUR, DAY = 3_600, 86_400  # seconds
LIMITS = {"voter": "同一微信号", "network": "同一网络", "poll": "全部合计"}


@dataclass(frozen=True, slots=True)
class RefusedHour:
    """Tries refused in the hour that begins at `at`, by the limit that refused them."""

    at: datetime
    voter: int
    network: int
    poll: int

    @property
    def total(self) -> int:
        return self.voter + self.network + self.poll


@dataclass(frozen=True, slots=True)
class Refusals:
    """The hours of the last days in which tries were refused, the latest first; `known` while Redis answers."""

    hours: tuple[RefusedHour, ...]
    known: bool = True

    @property
    def voter(self) -> int:
        return sum(hour.voter for hour in self.hours)

    @property
    def network(self) -> int:
        return sum(hour.network for hour in self.hours)

    @property
    def poll(self) -> int:
        return sum(hour.poll for hour in self.hours)

    @property
    def total(self) -> int:
        return self.voter + self.network + self.poll

    @property
    def advice(self) -> tuple[str, ...]:
        """Say in a sentence each what the refused tries mean and what to do."""
        return tuple(_advice(self))


def refusals_of(slug: str, client: Any, now: datetime) -> Refusals:
    """Return what the gate refused in one poll in the last eight days, `now` by the gate's clock; raises NotFound."""
    with transaction() as session:
        poll_id = poll_to_read(session, slug).id
    days = [int(now.timestamp()) // DAY - back for back in range(DAYS_KEPT + 1)]
    try:
        with client.pipeline(transaction=False) as pipe:
            for day in days:
                pipe.hgetall(refused_key(poll_id, day))
            answers = pipe.execute()
    except RedisError:
        return Refusals((), known=False)
    hours = [hour for day, answer in zip(days, answers, strict=True) for hour in _hours(day, answer)]
    return Refusals(tuple(sorted(hours, key=lambda hour: hour.at, reverse=True)))


def _hours(day: int, answer: dict[bytes, bytes]) -> Iterator[RefusedHour]:
    counts: dict[int, dict[str, int]] = {}
    for field, count in answer.items():
        hour, _, limit = field.decode().partition(":")
        counts.setdefault(int(hour), dict.fromkeys(LIMITS, 0))[limit] = int(count)
    for began, by_limit in counts.items():
        yield RefusedHour(datetime.fromtimestamp(day * DAY + began * HOUR, UTC), **by_limit)


def _advice(refusals: Refusals) -> Iterator[str]:
    if not refusals.total:
        yield "最近8天没有提交被限流挡下，不用处理。"
        return
    yield "挡下的是提交次数，不是人数：页面会自动再试，多数人随后就投成功，已投的票不受影响。"
    if refusals.voter:
        yield f"同一微信号一分钟内提交太多，{refusals.voter:,}次：一般是反复点按或脚本，不用处理。"
    if refusals.network:
        yield (
            f"同一网络（如单位、学校的无线网）一分钟内提交太多，{refusals.network:,}次："
            "如果接到投不上票的电话，请系统管理员调高“每个网段每分钟次数”。"
        )
    if refusals.poll:
        yield f"全部投票人合起来一分钟内提交太多，{refusals.poll:,}次：请系统管理员看服务器是否跟得上。"
