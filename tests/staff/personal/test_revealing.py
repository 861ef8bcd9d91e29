"""A masked value is shown for a purpose, with a line in the trail before it, and to nobody who may not see it."""

import pytest
from flask import Flask, g
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from structlog.testing import capture_logs

from foundation.errors import InvalidInput, NotAllowed, NotFound
from foundation.transaction import transaction
from staff.accounts import Account
from staff.audit.models import AuditEntry
from staff.models import Member
from staff.personal.retention import DeclaredTwiceError
from staff.personal.revealing import REVEALABLE, declare_revealable, reveal
from staff.roles import EVERYBODY, Role
from tests.staff.factories_staff import Browser, actor_of, make_staff

PHONE = "13900001234"
PURPOSE = "电话联系，核实本人身份"
PATH = "/console/personal/staff.phone/jingban"


@pytest.fixture
def reachable(member: Account) -> Account:
    """A member of staff whose telephone is known."""
    with transaction() as session:
        session.get_one(Member, member.id).phone = PHONE.encode()
    return member


def trail() -> list[tuple[str, str, str, str, str]]:
    with transaction() as session:
        rows = session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        return [(row.actor, row.act, row.object, row.result, row.purpose) for row in rows]


def test_a_value_is_shown_and_the_trail_says_to_whom_and_why(reachable: Account, administrator: Account) -> None:
    assert reveal("staff.phone", "jingban", f"  {PURPOSE} ", actor_of(administrator)) == PHONE
    assert trail() == [("guanli", "personal.reveal", "工作人员电话：jingban", "done", PURPOSE)]


def test_the_line_stands_though_what_was_open_is_rolled_back(reachable: Account, administrator: Account) -> None:
    def look_and_fail() -> None:
        with transaction():
            reveal("staff.phone", "jingban", PURPOSE, actor_of(administrator))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        look_and_fail()
    assert len(trail()) == 1


def test_without_the_line_there_is_no_value(reachable: Account, administrator: Account) -> None:
    """A user name longer than the trail's column: the database refuses the line."""
    actor = actor_of(administrator)
    too_long = type(actor)("x" * 60, actor.display_name, actor.member_id, role=actor.role)
    with pytest.raises(SQLAlchemyError):
        reveal("staff.phone", "jingban", PURPOSE, too_long)
    assert trail() == []


@pytest.mark.parametrize("purpose", ["", "     ", "联系 ", "一二三四", "长" * 201])
def test_without_a_purpose_nothing_is_shown_and_the_try_is_kept(
    reachable: Account, administrator: Account, purpose: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        reveal("staff.phone", "jingban", purpose, actor_of(administrator))
    assert refusal.value.field == "purpose"
    assert trail() == [("guanli", "personal.reveal", "工作人员电话：jingban", "refused", "")]


@pytest.mark.parametrize("role", sorted(EVERYBODY - {Role.ADMINISTRATOR, Role.LEADER}))
def test_other_roles_see_nothing_and_the_try_is_kept(reachable: Account, role: Role) -> None:
    unit = "示例县" if role in (Role.UNIT, Role.INVESTIGATOR) else None
    other = make_staff("bieren", "示例他人", role, unit)
    with pytest.raises(NotAllowed):
        reveal("staff.phone", "jingban", PURPOSE, actor_of(other))
    assert trail() == [("bieren", "personal.reveal", "工作人员电话：jingban", "refused", "")]


@pytest.mark.parametrize(("kind", "key"), [("staff.phone", "meiyou"), ("staff.phone", "guanli"), ("unknown", "x")])
def test_what_is_not_there_is_not_found(reachable: Account, administrator: Account, kind: str, key: str) -> None:
    with pytest.raises(NotFound):
        reveal(kind, key, PURPOSE, actor_of(administrator))


def test_a_kind_is_declared_once() -> None:
    found = REVEALABLE["staff.phone"]
    declare_revealable(found.kind, found.words, found.roles, found.read)
    with pytest.raises(DeclaredTwiceError):
        declare_revealable(found.kind, "别的说法", found.roles, found.read)


def test_the_value_stands_in_the_answer_and_nowhere_else(reachable: Account, admin_desk: Browser) -> None:
    with capture_logs() as logs:
        form = admin_desk.get(PATH)
        answer = admin_desk.submit(PATH, purpose=PURPOSE)
    assert (form.status_code, answer.status_code, PHONE in form.text, PHONE in answer.text) == (200, 200, False, True)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Location" not in answer.headers
    assert PHONE not in repr(logs)
    assert not [line for line in trail() if PHONE in repr(line)]


def test_the_value_hides_itself_after_a_minute(reachable: Account, admin_desk: Browser) -> None:
    headers = {"Origin": admin_desk.origin, "X-CSRFToken": admin_desk.csrf_token(), "HX-Request": "true"}
    fragment = admin_desk.client.post(PATH, data={"purpose": PURPOSE}, headers=headers).text
    assert "<html" not in fragment
    assert 'hx-trigger="load delay:60s"' in fragment
    hidden = admin_desk.get(f"{PATH}/hidden")
    assert (hidden.status_code, PHONE in hidden.text, "查看" in hidden.text) == (200, False, True)
    assert 'content="60;' in admin_desk.submit(PATH, purpose=PURPOSE).text


def test_a_purpose_of_ones_own_is_typed_and_kept_when_it_will_not_do(reachable: Account, admin_desk: Browser) -> None:
    refused = admin_desk.submit(PATH, purpose="other", words="开会")
    assert (refused.status_code, 'value="开会"' in refused.text, "请写明用途" in refused.text) == (422, True, True)
    assert PHONE in admin_desk.submit(PATH, purpose="other", words="通知临时停电").text
    assert trail()[-1][3:] == ("done", "通知临时停电")


def test_a_form_from_elsewhere_reveals_nothing(reachable: Account, admin_desk: Browser) -> None:
    assert PHONE not in admin_desk.post(PATH, purpose=PURPOSE).text
    assert trail()[-1][3] == "refused"


def test_the_macro_shows_the_mask_and_a_button_only_to_who_may(app: Flask, reachable: Account) -> None:
    template = (
        '{% from "staff/personal/_masked.html" import masked %}{{ masked("staff.phone", "jingban", mask, "电话") }}'
    )
    drawn = {}
    for role in (Role.ADMINISTRATOR, Role.OFFICE):
        account = make_staff(f"shili-{role}", "示例", role)
        with app.test_request_context():
            g.actor = actor_of(account)
            drawn[role] = app.jinja_env.from_string(template).render(mask="139****1234")
    assert ["139****1234" in text for text in drawn.values()] == [True, True]
    assert ["查看" in text for text in drawn.values()] == [True, False]
