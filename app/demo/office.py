"""The demo's invented staff, and what they have done before anybody looks: requests, marks, opinions, invitations."""

import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from app.demo.entries import awards_entered, rows_entered
from app.demo.people import DemoAward, demo_awards
from app.texts import HOME_NOTICE
from foundation.working_days import UnknownYear
from staff.accounts import add_member
from staff.actors import SYSTEM, Actor
from staff.approvals.deciding import approve
from staff.approvals.requesting import ApprovalRequest
from staff.options.kinds import VALUE
from staff.options.setting import set_option
from staff.people.details import PersonDetails
from staff.people.invitations import invite
from staff.people.members import change_member
from staff.roles import Role
from staff.second_factor import reset_second_factor
from staff.supervision.opinions import answer_opinion, raise_opinion
from staff.supervision.witnessing import find_subject, leave_mark, witness_sheet
from votes.exporting.requesting import request_tally
from votes.importing import import_candidates
from votes.polls import create_poll
from votes.settings import PollSettings
from votes.steps import request_opening
from votes.witnessing import KIND

READY_SLUG, DRAFT_SLUG = "demo-next", "demo-draft"
UNIT = "示例县委"
LACKING = frozenset({3, 7})
"""The numbers in the draft that is almost ready of those who have yet to consent."""

_INVESTIGATION = timedelta(days=45)
_PHONE = "13800000000"


@dataclass(frozen=True, slots=True)
class Office:
    """One invented person for each part in the demo's history; the chief examines what the clerk drafted."""

    clerk: Actor
    chief: Actor
    leader: Actor
    administrator: Actor
    supervisor: Actor

    def consent_to(self, request: ApprovalRequest) -> None:
        approve(request.key, self.leader)


def add_staff(today: date) -> Office:
    """Add one person for every role, and two of the office; an investigator's account ends some weeks after `today`."""
    office = Office(
        clerk=_add("jingban", PersonDetails("示例经办", Role.OFFICE)),
        chief=_add("kezhang", PersonDetails("示例科长", Role.OFFICE)),
        leader=_add("lingdao", PersonDetails("示例部领导", Role.LEADER)),
        administrator=_add("guanli", PersonDetails("示例管理员", Role.ADMINISTRATOR)),
        supervisor=_add("jiandu", PersonDetails("示例监督员", Role.SUPERVISOR)),
    )
    _add("danwei", PersonDetails("示例单位", Role.UNIT, UNIT))
    investigator = PersonDetails("示例考察员", Role.INVESTIGATOR, UNIT, last_day=today + _INVESTIGATION)
    _add("kaocha", investigator)
    change_member("kaocha", replace(investigator, phone=_PHONE), office.administrator, purpose="登记联系电话")
    return office


def do_business(office: Office, open_slug: str, past_slug: str, now: datetime) -> None:
    """Leave something on every desk; a request must be running, because supervisors are told where a poll's page is."""
    _draft_polls(office, now)
    _supervise(office, open_slug)
    _see_to_people(office)
    request_tally(past_slug, "xlsx", office.clerk)
    notice = ({VALUE: "本站是演示，人物、单位和票数全部是虚构的。"},)
    set_option(HOME_NOTICE.name, notice, office.administrator, based_on=0, reason="说明这是演示")


def _add(name: str, person: PersonDetails) -> Actor:
    account = add_member(
        name,
        person.display_name,
        secrets.token_urlsafe(24),
        SYSTEM,
        role=person.role,
        unit=person.unit,
        valid_until=person.valid_until,
    )
    return Actor(account.name, account.display_name, account.id, role=account.role, unit=account.unit)


def _draft_polls(office: Office, now: datetime) -> None:
    """Draft two small polls: one waits for the leader to approve its opening, the other lacks a few things."""
    organisations, _, excellent = demo_awards()
    opens_at = (now + timedelta(days=20)).replace(hour=1, minute=0, second=0, microsecond=0)
    ready = PollSettings(
        title="示例市服务之星网上评议（演示，待批准）",
        opens_at=opens_at,
        closes_at=opens_at + timedelta(days=6, hours=9),
        enquiry_phone="0000-0000000",
        supervision_phone="0000-12380",
    )
    _draft(office, READY_SLUG, ready, [_few(excellent, "示例市服务之星", 12)])
    request_opening(READY_SLUG, office.clerk)
    almost = replace(ready, title="示例市先进集体网上评议（演示，草稿）", supervision_phone="")
    _draft(office, DRAFT_SLUG, almost, [_few(organisations, "示例市先进集体", 8)])


def _draft(office: Office, slug: str, settings: PollSettings, awards: Sequence[DemoAward]) -> None:
    create_poll(settings, awards_entered(awards), office.clerk, slug=slug)
    unchecked = LACKING if slug == DRAFT_SLUG else ()
    import_candidates(slug, rows_entered(awards, unchecked=unchecked), office.clerk)


def _few(award: DemoAward, name: str, size: int) -> DemoAward:
    """Return an award of its own with the first few candidates, numbered from 1."""
    first = [replace(one, number=number) for number, one in enumerate(award.candidates[:size], start=1)]
    return replace(award, name=name, places=size // 2, max_choices=size // 2, candidates=tuple(first))


def _supervise(office: Office, slug: str) -> None:
    """Let the supervisor witness the opening, and raise two opinions of which one is answered.

    Without a notice of the year's holidays no term can be set, and the demo does without opinions.
    """
    (opening, *_) = witness_sheet(KIND, slug).steps
    leave_mark(KIND, slug, opening.name, office.supervisor, digest=opening.digest, remark="")
    with suppress(UnknownYear):
        key = raise_opinion(
            find_subject(KIND, slug), "投票页上的监督电话请再核对一次，确认有人接听。", office.supervisor
        )
        answer_opinion(key, "已核对，工作时间有专人接听并登记。", office.clerk)
        text = "名单里有两名候选对象还没有登记同意公开，开启以前请补齐，并说明办理情况。"
        raise_opinion(find_subject(KIND, DRAFT_SLUG), text, office.supervisor)


def _see_to_people(office: Office) -> None:
    """Invite two people, one of whom a leader has to agree to, and reset a phone, of which supervisors are told."""
    invite(PersonDetails("示例联络员", Role.UNIT, "示例二县委", phone=_PHONE), office.administrator)
    leader = PersonDetails("示例副部长", Role.LEADER)
    invite(leader, office.administrator, purpose="分工调整，增加一名审批的同志")
    reset_second_factor("kaocha", office.administrator, purpose="本人换了手机，已当面核实")
