"""A house in use for tests that walk through all of it: every state of a poll, an import, a request, a person."""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import select

from app.demo.office import DRAFT_SLUG, READY_SLUG, Office, add_staff, do_business
from foundation.clock import database_now, local_day
from foundation.transaction import transaction
from foundation.uploads import Upload
from staff.accounts import disable_member
from staff.approvals.deciding import refuse
from staff.approvals.models import Approval
from staff.downloads import fail, finish, request_download
from staff.options.calendar import WHOLE_YEARS, WholeYear
from staff.people.accepting import make_password_link
from staff.people.details import PersonDetails
from staff.people.handover import hand_over
from staff.people.invitations import invite
from staff.people.models import Invitation
from staff.personal.holds import request_hold
from staff.personal.running import carry_out, start_run
from staff.roles import Role
from staff.supervision.models import Opinion
from staff.supervision.opinions import answer_opinion, raise_opinion, settle_opinion
from tests.browser.notices_in_the_house import furnish_notices
from tests.factories import make_poll
from tests.staff.factories_staff import make_staff
from tests.staff.options.factories_options import set_to
from tests.votes.factories_polls import add_ballots
from tests.votes.test_console import archive, sheet
from votes.candidates import withdraw_candidate
from votes.channels import add_channel
from votes.import_steps import confirm_import, upload_photos, upload_sheet
from votes.models import Ballot
from votes.numbering import drain
from votes.steps import request_certification, request_closing, request_opening

AWARD = "示例市先进集体"


def furnish() -> Mapping[str, str]:
    """Fill empty tables and return what stands in addresses, by the names that addresses give it.

    A request must be running, because supervisors are told where a poll's page is.
    """
    with transaction() as session:
        now = database_now(session)
    # In whatever year this runs, terms in working days can be told.
    set_to(WHOLE_YEARS, tuple(WholeYear(now.year + later, "示例") for later in range(2)))
    office = add_staff(local_day(now))
    _make_polls(office)
    do_business(office, "open", "certified", now)
    named = {**_imports(office), **_people(office), **_supervision(office), **_files(office)}
    named |= furnish_notices(office, "open", "certified")
    return {**named, **_requests(office), "draft": DRAFT_SLUG, "ready": READY_SLUG}


def _make_polls(office: Office) -> None:
    """Make a poll in every state that has a page of its own; the ballots are numbered."""
    make_poll("open", visibility="hidden", candidate_order="drawn", draw_seed="示例号码")
    for slug in ("live", "closed", "certified"):
        poll_id = make_poll(slug)
        add_ballots(slug, (1,), (1, 2), (1, 2, 3), (4, 5), (5, 6))
        drain(poll_id)
    make_poll("coming", state="draft", opens_in=timedelta(days=1), closes_in=timedelta(days=2))
    office.consent_to(request_opening("coming", office.clerk))
    for slug in ("closed", "certified"):
        office.consent_to(request_closing(slug, "示例：都投完了", office.clerk))
    office.consent_to(request_certification("certified", office.clerk))
    withdraw_candidate("open", 2, "示例：本人申请", office.clerk)
    add_channel("open", "例园广场海报", office.clerk)


def _imports(office: Office) -> dict[str, str]:
    def sheet_of(content: bytes) -> str:
        return upload_sheet(DRAFT_SLUG, Upload("名单.xlsx", content), office.clerk).key

    def photos_of(*names: str) -> str:
        return upload_photos("live", Upload("照片.zip", archive(*names)), "", office.clerk).key

    written = sheet_of(sheet(("丁示例", "示例县一"), ("王示例", "示例县一"), award=AWARD))
    confirm_import(DRAFT_SLUG, written, [], office.clerk)
    brought = photos_of("1.jpg")
    confirm_import("live", brought, [], office.clerk)
    return {
        "sheet_written": written,
        "sheet_with_faults": sheet_of(sheet(("", "示例县一"), ("王示例", ""), award="没有的奖", consented="也许")),
        "sheet_read": sheet_of(sheet(("丁示例", "示例县一"), ("马示例", "示例县二"), award=AWARD)),
        "sheet_failed": sheet_of(b"no spreadsheet"),
        "photos_brought": brought,
        "photos_read": photos_of("2.jpg", "示例.jpg", "没有这个人.jpg"),
    }


def _people(office: Office) -> dict[str, str]:
    make_staff("xinren", "示例新人")
    make_staff("tingyong", "示例停用")
    make_staff("lizhi", "示例离任")
    disable_member("tingyong", office.administrator, purpose="示例：暂时不用")
    invited = invite(PersonDetails("示例来人", Role.OFFICE), office.administrator)
    assert invited.link is not None
    with transaction() as session:
        waiting = session.scalars(select(Invitation.key).where(Invitation.approved_at.is_(None))).one()
    return {
        "hand_over": hand_over("lizhi", "jingban", "示例：调动", office.administrator),
        "invitation": waiting,
        "invitation_token": invited.link.token,
        "password_token": make_password_link("danwei", office.administrator, purpose="示例：忘记").token,
    }


def _supervision(office: Office) -> dict[str, str]:
    settled = raise_opinion(None, "示例意见。", office.supervisor)
    answer_opinion(settled, "示例答复。", office.clerk)
    settle_opinion(settled, "", office.supervisor)
    with transaction() as session:
        answered, waiting = session.scalars(select(Opinion.key).where(Opinion.kind.is_not(None)).order_by(Opinion.id))
    return {"opinion_settled": settled, "opinion_answered": answered, "opinion_waiting": waiting}


def _files(office: Office) -> dict[str, str]:
    """Ask for files in every state; nothing but this makes them, so that they stay in it."""
    keys = [request_download("示例", "open", f"示例文件{number}", office.clerk).key for number in range(3)]
    finish(keys[1], "示例.txt", b"text")
    fail(keys[2], "示例：没有做成。")
    run = start_run(office.administrator)
    carry_out(run)
    return {"file_waiting": keys[0], "file_ready": keys[1], "file_failed": keys[2], "run": run}


def _requests(office: Office) -> dict[str, str]:
    request_hold([], "", "示例：有异议正在核实", office.administrator)
    refused = request_closing("live", "示例：停电", office.clerk)
    refuse(refused.key, office.leader, "示例：再等一天")
    with transaction() as session:
        requests = session.execute(select(Approval.state, Approval.key).order_by(Approval.id))
        named = {f"request_{state}": key for state, key in requests}
        named["receipt"] = session.scalars(select(Ballot.code).order_by(Ballot.id).limit(1)).one()
    return named
