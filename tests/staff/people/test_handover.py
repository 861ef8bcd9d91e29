"""Handing over: everything somebody holds is counted, passed on or withdrawn, all of it or nothing."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from foundation.errors import AppError, Conflict, InvalidInput, NotAllowed, NotFound
from foundation.transaction import transaction
from staff.accounts import Account, enable_member
from staff.actors import Actor
from staff.approvals.models import Approval
from staff.downloads import downloads_of, request_download
from staff.people import handover
from staff.people.accepting import read_welcome
from staff.people.details import PersonDetails
from staff.people.handover import HeldItem, declare_handover, hand_over, held_by, read_hand_over
from staff.people.invitations import invite
from staff.people.member_list import MemberState, read_member
from staff.people.members import change_member
from staff.people.models import HandOver
from staff.roles import Role
from tests.staff.factories_staff import Browser, actor_of, recorded
from tests.staff.people.factories_people import CLERK

REQUESTS, INVITATIONS = "提出后等待批准的申请", "发出后还没有用的邀请"
DOWNLOADS, SESSIONS = "还没有做完的下载", "正在使用的登录"


@pytest.fixture
def shelf() -> Iterator[dict[int, int]]:
    """What a room of the tests holds for members: so many books each."""
    books: dict[int, int] = {}

    def pass_on(leaver: int, successor: int) -> None:
        books[successor] = books.get(successor, 0) + books.pop(leaver, 0)

    declared = dict(handover._declared)
    declare_handover("示例藏书", lambda member_id: books.get(member_id, 0), pass_on)
    yield books
    handover._declared.clear()
    handover._declared.update(declared)


def held(name: str) -> dict[str, int]:
    return {item.name: item.count for item in held_by(name) if item.count}


def test_everything_somebody_holds_is_counted(
    app: Flask, second: Account, office: Account, shelf: dict[int, int]
) -> None:
    actor = actor_of(second)
    invite(CLERK, actor)
    change_member("jingban", PersonDetails("示例经办", Role.LEADER), actor)
    request_download("tally", "demo", "示例下载", actor)
    Browser(app).signed_in_as(second)
    shelf[second.id] = 3
    assert held("guanlier") == {REQUESTS: 1, INVITATIONS: 1, DOWNLOADS: 1, SESSIONS: 1, "示例藏书": 3}


def test_after_the_hand_over_nothing_is_left_and_the_account_has_ended(
    app: Flask, admin: Actor, second: Account, office: Account, shelf: dict[int, int]
) -> None:
    actor = actor_of(second)
    link = invite(CLERK, actor).link
    assert link is not None
    change_member("jingban", PersonDetails("示例经办", Role.LEADER), actor)
    request_download("tally", "demo", "示例下载", actor)
    browser = Browser(app).signed_in_as(second)
    shelf[second.id] = 3

    key = hand_over("guanlier", "jingban", "示例调动", admin)

    assert (held("guanlier"), shelf) == ({}, {office.id: 3})
    assert not browser.is_signed_in()
    with pytest.raises(NotFound):
        read_welcome(link.token)
    with transaction() as session:
        (request,) = session.scalars(select(Approval)).all()
        assert (request.state, request.remark) == ("withdrawn", "申请人已办交接离任，由接手人核对后重新提出。")
    (download,) = downloads_of(actor)
    assert (download.state, download.error) == ("failed", "申请人已办交接离任，请由接手人重新申请。")
    assert recorded()[-1] == ("guanli", "people.hand_over", "guanlier", "done")
    sheet = read_member("guanlier")
    assert (sheet.line.state, sheet.hand_over) == (MemberState.LEFT, key)


def test_the_sheet_says_who_held_what_and_what_became_of_it(
    admin: Actor, second: Account, office: Account, shelf: dict[int, int]
) -> None:
    shelf[second.id] = 3
    sheet = read_hand_over(hand_over("guanlier", "jingban", " 示例  调动 ", admin))
    people = (sheet.display_name, sheet.place, sheet.successor, sheet.successor_place, sheet.reason, sheet.done_by)
    assert people == ("示例管理员乙", "系统管理员", "示例经办", "组织一科", "示例 调动", "示例管理员")
    assert [item for item in sheet.items if item.count] == [HeldItem("示例藏书", 3, "转给接手人")]


def test_where_one_room_fails_nothing_is_handed_over(
    admin: Actor, second: Account, office: Account, shelf: dict[int, int]
) -> None:
    def fail(_leaver: int, _successor: int) -> None:
        raise Conflict("示例原因")

    declare_handover("示例难题", lambda _member_id: 1, fail)
    link = invite(CLERK, actor_of(second)).link
    with pytest.raises(Conflict):
        hand_over("guanlier", "jingban", "示例调动", admin)
    assert link is not None
    assert read_welcome(link.token).inviter == "示例管理员乙"
    assert read_member("guanlier").line.state is MemberState.ACTIVE
    with transaction() as session:
        assert session.scalars(select(HandOver)).all() == []


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        (("guanli", "jingban", "示例调动"), NotAllowed),  # oneself
        (("jingban", "jingban", "示例调动"), InvalidInput),
        (("jingban", "nobody", "示例调动"), InvalidInput),
        (("jingban", "", "示例调动"), InvalidInput),
        (("jingban", "guanlier", "  "), InvalidInput),
        (("jingban", "guanlier", "长" * 501), InvalidInput),
        (("nobody", "jingban", "示例调动"), NotFound),
    ],
)
def test_what_cannot_be_handed_over_stays(
    admin: Actor, second: Account, office: Account, asked: tuple[str, str, str], error: type[AppError]
) -> None:
    with pytest.raises(error):
        hand_over(*asked, admin)
    assert recorded() == []


def test_who_has_left_does_not_hand_over_again_or_come_back(admin: Actor, second: Account, office: Account) -> None:
    hand_over("jingban", "guanlier", "示例调动", admin)
    for attempt in (
        lambda: hand_over("jingban", "guanlier", "示例调动", admin),
        lambda: enable_member("jingban", admin),
        lambda: change_member("jingban", CLERK, admin),
    ):
        with pytest.raises(Conflict):
            attempt()


def test_the_last_administrator_does_not_leave(admin: Actor, office: Account) -> None:
    with pytest.raises(Conflict):
        hand_over("guanli", "jingban", "示例调动", actor_of(office))


def test_there_is_no_sheet_of_no_hand_over(app: Flask) -> None:
    with pytest.raises(NotFound):
        read_hand_over("0" * 32)
