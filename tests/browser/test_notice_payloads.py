"""Two hundred payloads through every field of a notice, as its readers and the staff see them: none of them runs."""

from collections.abc import Iterator, Sequence

from playwright.sync_api import Browser, Dialog, Request, ViewportSize, expect

from foundation.uploads import Upload
from publicity.notices.amending import begin_change
from publicity.notices.drafting import NoticeEntry, attach, draft_notice
from publicity.notices.kinds import Change, Kind, Steps
from publicity.notices.media import MediumEntry, note_medium
from publicity.notices.office import Office
from publicity.notices.options import STEPS
from publicity.notices.signing import submit
from publicity.notices.subjects import LENGTHS, new_subject
from publicity.notices.wording import LIST, MOST_TITLE, PERIOD
from staff.accounts import find_account
from staff.sessions import begin_session
from tests.browser.conftest import LiveSite
from tests.browser.test_ballot_page import complaints_of
from tests.conftest import DatabaseClock
from tests.publicity.factories_notices import MONDAY, Staff, make_office, revision_of
from tests.publicity.factories_objections import picture
from tests.publicity.xss_payloads import PAYLOADS
from tests.staff.factories_staff import COOKIE
from tests.staff.options.factories_options import set_to

DESK = ViewportSize(width=1280, height=900)
TYPED = tuple("".join(letter for letter in payload if letter.isprintable()) for payload in PAYLOADS)
"""What a line of a form holds; what no line can hold is in the text alone."""


def test_no_payload_runs_on_any_page_of_a_notice(
    live_site: LiveSite, browser: Browser, database_clock: DatabaseClock
) -> None:
    database_clock.set(MONDAY)
    with live_site.app.app_context():
        staff = make_office()
        set_to(STEPS, str(Steps.ONE))
        keys = [publish(group, staff) for group in groups()]
        token = begin_session(find_account("nigao").id, replaces=None, complete=True)
    context = browser.new_context(viewport=DESK, locale="zh-CN")
    context.add_cookies([{"name": COOKIE, "value": token, "url": live_site.url}])
    page = context.new_page()
    ran: list[str] = []
    page.on("dialog", lambda dialog: _note(ran, dialog))
    page.on("request", lambda request: _note_leaving(ran, request, live_site.url))
    complaints = complaints_of(page)

    for key in keys:
        for path in (f"/notices/{key}", f"/console/notices/{key}/"):
            page.goto(live_site.url + path)
            expect(page.locator("h1")).to_be_visible()
    for path in (
        "/notices",
        "/console/notices/",
        f"/console/notices/{keys[0]}/edit",
        f"/console/notices/{keys[0]}/media",
    ):
        page.goto(live_site.url + path)
        expect(page.locator("h1")).to_be_visible()
    context.close()

    assert (ran, complaints) == ([], [])


def groups() -> Iterator[list[str]]:
    """Yield the payloads, as many at a time as a title holds."""
    group: list[str] = []
    for payload in TYPED:
        if group and len("".join([*group, payload])) > MOST_TITLE:
            yield group
            group = []
        group.append(payload)
    yield group


def publish(group: Sequence[str], staff: Staff) -> str:
    """Publish a notice that says these payloads wherever something is typed, and leave a change that was sent back."""
    clerk, together = staff.drafter, "".join(group)
    # What stands for the list and the period may stand there once.
    said = "".join(PAYLOADS).replace("〔", "[")
    body = f"<p>{LIST}</p><p>{PERIOD}</p><p>{together.replace('〔', '[')}</p>{said}"
    office = Office(together[:80], together[:120], "0391-0000000", together[:160], "a@example.cn")
    subjects = tuple(
        new_subject(f"{place}{one}"[: LENGTHS["name"]], one, heading=one[: LENGTHS["heading"]], unit=one[:80])
        for place, one in enumerate(group)
    )
    entry = NoticeEntry(Kind.FINAL, together, body, subjects, 5, office)
    key = draft_notice(entry, clerk)
    attach(key, revision_of(key), Upload(f"{together}.png", picture()), clerk)
    submit(key, revision_of(key), clerk)
    note_medium(key, MediumEntry(together[:60], MONDAY.date(), "https://example.cn/1"), clerk)
    begin_change(key, Change.MISPRINT, together, clerk)
    return key


def _note(ran: list[str], dialog: Dialog) -> None:
    ran.append(dialog.message)
    dialog.dismiss()


def _note_leaving(ran: list[str], request: Request, site: str) -> None:
    """A request that goes elsewhere was made by a payload."""
    if not request.url.startswith((site, "data:")):
        ran.append(request.url)
