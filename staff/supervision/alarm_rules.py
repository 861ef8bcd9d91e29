"""Which acts raise which alarm: a table over the rows of the audit trail. Pure."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from foundation.clock import local
from staff.actors import UNKNOWN

HOUR = timedelta(hours=1)
MOST_REVEALS = 20
REFUSALS = 20
TOO_QUICK = timedelta(seconds=10)
NIGHT_BEGINS, NIGHT_ENDS = 22, 6  # hours of Asia/Shanghai


@dataclass(frozen=True, slots=True)
class Happening:
    """One row of the audit trail, as far as alarms go by it."""

    act: str
    object: str
    actor: str
    result: str
    at: datetime
    network: str | None = None


class Trail(Protocol):
    """What a rule may ask of the rows up to the one it looks at, that one included."""

    def count(self, actor: str, *, since: datetime, acts: Collection[str] = (), result: str = "") -> int:
        """Count what `actor` did from `since` on: these acts or any, with this result or any."""

    def last(self, act: str, object: str, *, since: datetime) -> Happening | None:  # noqa: A002
        """Return the latest row of this act on this object from `since` on."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of alarm: the acts it listens to (none: all of them), the result they have, and what makes it one.

    `about` picks what the alarm is about: repeats of one kind about one thing are folded.
    """

    kind: str
    sentence: str
    applies: Callable[[Happening, Trail], bool]
    acts: frozenset[str] = frozenset()
    result: str = "done"
    about: Callable[[Happening], str] = lambda happening: happening.object

    def listens_to(self, happening: Happening) -> bool:
        """Tell without asking the trail whether this can be such an alarm at all."""
        return happening.result == self.result and (not self.acts or happening.act in self.acts)


REVEALS = frozenset({"personal.reveal"})
EXPORTS = frozenset({"downloads.request", "downloads.fetch", "audit.export"})
LEGAL_HOLDS = frozenset({"retention.hold", "retention.lift"})


def always(_happening: Happening, _trail: Trail) -> bool:
    return True


def at_night(happening: Happening, _trail: Trail) -> bool:
    hour = local(happening.at).hour
    return hour >= NIGHT_BEGINS or hour < NIGHT_ENDS


def too_many_reveals(happening: Happening, trail: Trail) -> bool:
    return trail.count(happening.actor, since=happening.at - HOUR, acts=REVEALS, result="done") > MOST_REVEALS


def refused_again_and_again(happening: Happening, trail: Trail) -> bool:
    return trail.count(happening.actor, since=happening.at - HOUR, result="refused") >= REFUSALS


def by_a_person(rule: Callable[[Happening, Trail], bool]) -> Callable[[Happening, Trail], bool]:
    """Narrow a rule to those who are somebody; strangers have a rule of their own."""
    return lambda happening, trail: happening.actor != UNKNOWN.name and rule(happening, trail)


def by_strangers(rule: Callable[[Happening, Trail], bool]) -> Callable[[Happening, Trail], bool]:
    return lambda happening, trail: happening.actor == UNKNOWN.name and rule(happening, trail)


def approved_from_next_door(happening: Happening, trail: Trail) -> bool:
    """Tell whether the approval came at once and from the network in which it was asked for."""
    asked = trail.last("approvals.request", happening.object, since=happening.at - TOO_QUICK)
    return asked is not None and asked.network is not None and asked.network == happening.network


def person(happening: Happening) -> str:
    return happening.actor


RULES = (
    Rule(
        "many_reveals",
        f"同一人一小时内查看完整个人信息超过{MOST_REVEALS}次。",
        too_many_reveals,
        acts=REVEALS,
        about=person,
    ),
    Rule("night_export", "夜间（22:00至次日6:00）有人申请或取走导出文件。", at_night, acts=EXPORTS, about=person),
    Rule("lock_out", "有账号输错太多，已暂停登录。", always, acts=frozenset({"staff.lock"})),
    Rule(
        "many_refusals",
        f"同一人一小时内有{REFUSALS}次操作被拒绝。",
        by_a_person(refused_again_and_again),
        result="refused",
        about=person,
    ),
    Rule(
        "strangers_refused",
        f"未登录的人一小时内有{REFUSALS}次尝试被拒绝，可能有人在猜用户名和密码。",
        by_strangers(refused_again_and_again),
        result="refused",
        about=person,
    ),
    Rule(
        "second_factor_reset",
        "有账号的动态码被重设，请核实是否本人提出。",
        always,
        acts=frozenset({"people.reset_second_factor", "people.reset_key_role_second_factor"}),
    ),
    Rule(
        "password_reset",
        "有账号的密码在服务器上被他人重设，或有系统管理员、部领导、监督员的密码获准重设，请核实是否本人提出。",
        always,
        acts=frozenset({"people.reset_password", "people.make_key_role_password_link"}),
    ),
    Rule(
        "quick_approval",
        "一项申请提出后10秒内就在同一网段被批准，请核实是否两人所为。",
        approved_from_next_door,
        acts=frozenset({"approvals.approve"}),
    ),
    Rule(
        "key_person",
        "有账号被停用、恢复或交接，请核实是否有批准人、监督员受影响。",
        always,
        acts=frozenset({"people.disable", "people.enable", "people.hand_over"}),
    ),
    Rule("legal_hold", "有数据被保全，或解除了保全。", always, acts=LEGAL_HOLDS),
)
CHAIN_BROKEN = "chain_broken"
KINDS = {
    CHAIN_BROKEN: "操作记录不连续",
    "many_reveals": "大量查看个人信息",
    "night_export": "夜间导出",
    "lock_out": "暂停登录",
    "many_refusals": "多次被拒绝",
    "strangers_refused": "陌生人多次尝试",
    "second_factor_reset": "动态码重设",
    "password_reset": "密码重设",
    "quick_approval": "批准过快",
    "key_person": "账号停用或恢复",
    "legal_hold": "数据保全变动",
}
