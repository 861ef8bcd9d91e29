"""保全: two people stop a rule, for one subject or for all, and two people let it go on."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from foundation.errors import Conflict, InvalidInput, NotAllowed, NotFound
from foundation.transaction import transaction
from staff.accounts import Account
from staff.actors import SYSTEM
from staff.approvals.deciding import approve, refuse
from staff.downloads import finish, request_download
from staff.personal.holds import all_holds, request_hold, request_lift
from staff.personal.running import carry_out, preview, run_status, start_run
from tests.conftest import DatabaseClock
from tests.staff.factories_staff import actor_of, recorded

REASON = "纪检正在核查，先行保全。"


@pytest.fixture
def two_files(member: Account, database_clock: DatabaseClock) -> None:
    """A finished file about each of two polls, a day old."""
    for subject in ("shili", "lingyi"):
        finish(request_download("tally.csv", subject, "示例", actor_of(member)).key, "得票.csv", subject.encode())
    database_clock.advance(timedelta(days=1))


def erased() -> int:
    key = start_run(SYSTEM)
    carry_out(key)
    return run_status(key).count


def place(administrator: Account, leader: Account, rules: list[str], subject: str = "") -> None:
    approve(request_hold(rules, subject, REASON, actor_of(administrator)).key, actor_of(leader))


def test_a_hold_takes_two_people(two_files: None, administrator: Account, leader: Account) -> None:
    asked = request_hold(["downloads.files"], "", REASON, actor_of(administrator))
    assert all_holds() == ()
    with pytest.raises(NotAllowed):
        approve(asked.key, actor_of(administrator))
    approve(asked.key, actor_of(leader))
    (hold,) = all_holds()
    assert (hold.what, hold.reason, hold.requested_by, hold.approved_by) == (
        "做好的下载文件",
        REASON,
        "示例管理员",
        "示例部领导",
    )
    assert erased() == 0
    assert recorded()[-1][:3] == ("lingdao", "retention.hold", "做好的下载文件")


def test_what_was_refused_holds_nothing(two_files: None, administrator: Account, leader: Account) -> None:
    refuse(request_hold([], "", REASON, actor_of(administrator)).key, actor_of(leader), "没有必要，请说明依据。")
    assert erased() == 2


def test_a_hold_on_everything_stops_every_rule(two_files: None, administrator: Account, leader: Account) -> None:
    place(administrator, leader, [])
    assert all(line.held for line in preview())
    assert erased() == 0


def test_a_hold_on_a_subject_spares_it_alone(two_files: None, administrator: Account, leader: Account) -> None:
    place(administrator, leader, ["downloads.files"], "shili")
    (line,) = [line for line in preview() if line.rule.id == "downloads.files"]
    assert (line.held, line.spared, line.count) == (False, 1, 1)
    assert (erased(), erased()) == (1, 0)


def test_a_rule_that_knows_no_subjects_is_stopped_as_a_whole(
    two_files: None, administrator: Account, leader: Account
) -> None:
    place(administrator, leader, [], "shili")
    held = {line.rule.id: line.held for line in preview()}
    assert (held["staff.sessions"], held["downloads.files"]) == (True, False)


def test_lifting_takes_two_people_too(two_files: None, administrator: Account, leader: Account) -> None:
    place(administrator, leader, [])
    (hold,) = all_holds()
    asked = request_lift(hold.key, "核查结束，不再需要。", actor_of(administrator))
    assert (all_holds()[0].lift_asked, erased()) == (True, 0)
    with pytest.raises(NotAllowed):
        approve(asked.key, actor_of(administrator))
    approve(asked.key, actor_of(leader))
    assert erased() == 2
    with pytest.raises(Conflict):
        request_lift(hold.key, "再解除一次看看。", actor_of(administrator))


@pytest.mark.parametrize(
    ("rules", "subject", "reason", "field"),
    [(["nothing"], "", REASON, "rules"), ([], "a\nb", REASON, "subject"), ([], "", "短", "reason")],
)
def test_what_is_wrong_with_a_wish_is_named(
    administrator: Account, rules: list[str], subject: str, reason: str, field: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        request_hold(rules, subject, reason, actor_of(administrator))
    assert refusal.value.field == field


def test_only_who_may_asks(member: Account, leader: Account, administrator: Account) -> None:
    with pytest.raises(NotAllowed):
        request_hold([], "", REASON, actor_of(member))
    with pytest.raises(NotFound):
        request_lift("0" * 32, REASON, actor_of(administrator))


def test_a_hold_is_never_rewritten(administrator: Account, leader: Account) -> None:
    place(administrator, leader, [])
    for statement in (
        "DELETE FROM retention_hold",
        "UPDATE retention_hold SET reason = '别的理由'",
        "UPDATE retention_hold SET lifted_at = now()",
    ):
        with pytest.raises(DBAPIError), transaction() as session:
            session.execute(text(statement))
