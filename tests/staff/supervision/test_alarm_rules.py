"""The table of alarms held against invented rows, without a database."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.clock import local
from staff.acts import ACTS
from staff.supervision.alarm_rules import KINDS, RULES, Happening

NOON = datetime(2017, 4, 19, 4, tzinfo=UTC)  # 12:00 in Jiaozuo
NETWORK = "192.0.2.0/24"


@dataclass(frozen=True)
class Rows:
    """A trail in memory, the oldest first, up to the row that is looked at."""

    rows: Sequence[Happening]

    def count(self, actor: str, *, since: datetime, acts: Collection[str] = (), result: str = "") -> int:
        return sum(
            row.actor == actor
            and row.at >= since
            and (not acts or row.act in acts)
            and (not result or row.result == result)
            for row in self.rows
        )

    def last(self, act: str, object: str, *, since: datetime) -> Happening | None:  # noqa: A002
        rows = [row for row in self.rows if (row.act, row.object) == (act, object) and row.at >= since]
        return rows[-1] if rows else None


def row(act: str, about: str = "示例", actor: str = "jingban", result: str = "done", **changes: object) -> Happening:
    happening = Happening(act, about, actor, result, NOON, NETWORK)
    return replace(happening, **changes)  # type: ignore[arg-type]  # the fields by name


def alarms(*rows: Happening) -> list[tuple[str, str]]:
    """Return kind and subject of each alarm that the last of the rows raises."""
    trail = Rows(rows)
    return [
        (rule.kind, rule.about(rows[-1]))
        for rule in RULES
        if rule.listens_to(rows[-1]) and rule.applies(rows[-1], trail)
    ]


def test_every_kind_has_a_name_and_every_act_that_is_listened_to_is_declared() -> None:
    assert {rule.kind for rule in RULES} | {"chain_broken"} == set(KINDS)
    assert {act for rule in RULES for act in rule.acts} - set(ACTS) == set()


def test_the_sentences_name_nobody() -> None:
    for rule in RULES:
        assert rule.sentence.endswith("。")
        assert "{" not in rule.sentence


@pytest.mark.parametrize(("reveals", "raised"), [(20, []), (21, [("many_reveals", "jingban")])])
def test_one_person_reveals_twenty_times_in_an_hour_and_no_more(reveals: int, raised: list[tuple[str, str]]) -> None:
    seen = [row("personal.reveal", str(number), at=NOON + timedelta(minutes=number)) for number in range(reveals)]
    assert alarms(*seen) == raised


def test_what_others_revealed_or_what_was_refused_or_is_long_ago_counts_for_nobody() -> None:
    others = [row("personal.reveal", actor="kezhang")] * 20
    refused = [row("personal.reveal", result="refused")] * 19
    earlier = [row("personal.reveal", at=NOON - timedelta(minutes=61))] * 20
    assert alarms(*others, *refused, *earlier, row("personal.reveal")) == []


@given(st.timedeltas(timedelta(0), timedelta(days=4000)))
def test_the_night_is_that_of_shanghai(later: timedelta) -> None:
    at = NOON + later
    at_night = local(at).hour in {22, 23, 0, 1, 2, 3, 4, 5}
    for act in ("downloads.request", "downloads.fetch", "audit.export"):
        assert alarms(row(act, at=at)) == ([("night_export", "jingban")] if at_night else [])


@pytest.mark.parametrize(("refusals", "raised"), [(19, []), (20, [("many_refusals", "jingban")])])
def test_the_twentieth_refusal_in_an_hour_raises_an_alarm(refusals: int, raised: list[tuple[str, str]]) -> None:
    assert alarms(*[row("polls.open", str(number), result="refused") for number in range(refusals)]) == raised


def test_strangers_who_are_refused_again_and_again_are_told_apart() -> None:
    assert alarms(*[row("staff.sign_in", actor="unknown", result="refused")] * 20) == [("strangers_refused", "unknown")]


@pytest.mark.parametrize(
    ("seconds", "network", "raised"),
    [
        (0, NETWORK, True),
        (10, NETWORK, True),
        (11, NETWORK, False),
        (3, "198.51.100.0/24", False),
        (3, None, False),
    ],
)
def test_an_approval_at_once_from_the_same_network_smells(seconds: int, network: str | None, *, raised: bool) -> None:
    asked = row("approvals.request", "开启投票：示例", network=network if network is None else NETWORK)
    approved = row(
        "approvals.approve",
        "开启投票：示例",
        actor="lingdao",
        at=NOON + timedelta(seconds=seconds),
        network=network,
    )
    assert alarms(asked, approved) == ([("quick_approval", "开启投票：示例")] if raised else [])


def test_an_approval_of_something_else_is_none_of_it() -> None:
    asked = row("approvals.request", "开启投票：示例")
    assert alarms(asked, row("approvals.approve", "开启投票：另一个", actor="lingdao")) == []


@pytest.mark.parametrize(
    ("act", "kind"),
    [
        ("staff.lock", "lock_out"),
        ("people.reset_second_factor", "second_factor_reset"),
        ("people.reset_key_role_second_factor", "second_factor_reset"),
        ("people.reset_password", "password_reset"),
        ("people.make_key_role_password_link", "password_reset"),
        ("people.disable", "key_person"),
        ("people.enable", "key_person"),
        ("people.hand_over", "key_person"),
        ("retention.hold", "legal_hold"),
        ("retention.lift", "legal_hold"),
    ],
)
def test_some_acts_are_alarms_by_themselves_once_they_are_done(act: str, kind: str) -> None:
    assert alarms(row(act, "jingban")) == [(kind, "jingban")]
    assert alarms(row(act, "jingban", result="refused")) == []


def test_everyday_acts_raise_nothing() -> None:
    assert alarms(row("polls.edit"), row("staff.sign_in"), row("downloads.fetch")) == []
