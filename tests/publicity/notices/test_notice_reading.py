"""Notices as the public and other rooms read them: only what is published, with the days that are left."""

from datetime import date, timedelta

import pytest
from flask import Flask

from foundation.errors import InvalidInput, NotFound
from foundation.transaction import transaction
from foundation.uploads import Upload
from publicity.notices.drafting import attach, draft_notice
from publicity.notices.finding import find_notices
from publicity.notices.kinds import Change, Kind, Phase
from publicity.notices.reading import (
    PER_PAGE,
    notice_head,
    open_notices,
    public_attachment,
    public_notice,
    public_notices,
    published_subject,
    running_notices,
    staff_attachment,
)
from publicity.notices.sheet import NoticeLine, notice_sheet
from tests.conftest import DatabaseClock
from tests.publicity.factories_notices import (
    MONDAY,
    OFFICE,
    change_notice,
    entry_for,
    head_of,
    make_notice,
    make_office,
    publish,
    subjects_now,
)
from tests.statements import statements

PDF = b"%PDF-1.7 example"


@pytest.fixture(autouse=True)
def on_monday(app: Flask, database_clock: DatabaseClock) -> None:
    database_clock.set(MONDAY)


def test_a_head_says_where_a_notice_stands(database_clock: DatabaseClock) -> None:
    key = make_notice(Phase.RUNNING).key

    told = []
    for step in (0, 1, 4, 7, 8):
        database_clock.set(MONDAY + timedelta(days=step))
        head = head_of(key)
        told.append((head.phase, head.days_left))

    assert told == [(Phase.RUNNING, 5), (Phase.RUNNING, 5), (Phase.RUNNING, 2), (Phase.RUNNING, 1), (Phase.OVER, 0)]
    assert (head.path, head.kind_words, head.phase_words) == (f"/notices/{key}", "预备人选公示", "公示期满")


def test_a_page_is_whole(database_clock: DatabaseClock) -> None:
    key = make_notice(Phase.RUNNING).key

    page = public_notice(key)
    assert (page.head, page.office, page.subjects) == (head_of(key), OFFICE, subjects_now(key))
    assert page.attachments == ()
    assert "<h3>十佳基层党组织（1个）</h3><ol><li>示例村党支部</li></ol>" in page.body
    assert "公示期：2017年6月6日至6月12日（5个工作日）。" in page.plain_body.splitlines()
    assert [(line.number, line.path) for line in page.versions] == [(1, f"/notices/{key}/versions/1")]


@pytest.mark.parametrize("phase", [Phase.RUNNING, Phase.OVER, Phase.CONCLUDED, Phase.STANDING])
def test_what_is_published_is_read_in_every_phase(database_clock: DatabaseClock, phase: Phase) -> None:
    key = make_notice(phase, clock=database_clock).key

    assert public_notice(key).head.phase is phase
    assert [head.key for head in public_notices().rows] == [key]
    assert [head.key for head in running_notices()] == ([key] if phase is Phase.RUNNING else [])
    assert [head.key for head in open_notices()] == ([key] if phase in {Phase.RUNNING, Phase.OVER} else [])


def test_a_draft_is_nobodys_business(database_clock: DatabaseClock) -> None:
    key = make_notice(Phase.DRAFT).key

    assert (public_notices().rows, running_notices()) == ((), ())
    for wanted in (key, "0" * 32, "", "x'"):
        with pytest.raises(NotFound):
            public_notice(wanted)
    with pytest.raises(NotFound):
        public_notice(key, 1)


def test_running_notices_come_by_their_end(database_clock: DatabaseClock) -> None:
    later = make_notice(Phase.RUNNING, working_days=10).key
    sooner = make_notice(Phase.RUNNING).key

    assert [head.key for head in running_notices()] == [sooner, later]


def test_the_public_list_goes_page_by_page_the_newest_first(database_clock: DatabaseClock) -> None:
    keys = [
        publish(draft_notice(entry_for(Kind.PLAIN, title=f"第{i}号公告"), make_office().drafter)) for i in range(22)
    ]
    change_notice(keys[0], Change.MISPRINT, title="第0号公告（更正）")

    first, second, beyond = public_notices(), public_notices(2), public_notices(9)

    assert (first.found, first.pages, len(first.rows)) == (22, 2, PER_PAGE)
    assert [head.title for head in first.rows[:2]] == ["第0号公告（更正）", "第21号公告"]
    assert [head.title for head in second.rows] == ["第2号公告", "第1号公告"]
    assert (beyond.page, beyond.rows) == (1, first.rows)


def test_a_list_asks_the_database_the_same_however_long_it_is(database_clock: DatabaseClock) -> None:
    asked = []
    for _ in range(2):
        for _ in range(3):
            make_notice(Phase.RUNNING)
        with statements("") as told:
            public_notices()
            running_notices()
            find_notices()
        asked.append(len(told))

    assert asked[0] == asked[1]


def test_a_subject_is_found_only_in_what_is_published_now(database_clock: DatabaseClock) -> None:
    key = make_notice(Phase.RUNNING).key
    village, one, two = subjects_now(key)
    change_notice(key, Change.WITHDRAWAL, subjects=(village, one))

    with transaction() as session:
        head = notice_head(session, key, lock=True)
        assert published_subject(session, head, one.kind, one.key) == one
        for kind, wanted in ((two.kind, two.key), ("candidate", one.key), ("", "")):
            with pytest.raises(InvalidInput) as caught:
                published_subject(session, head, kind, wanted)
            assert caught.value.field == "subject"


def test_files_of_a_draft_are_kept_from_the_public_until_it_is_published(database_clock: DatabaseClock) -> None:
    staff = make_office()
    key = draft_notice(entry_for(Kind.FINAL), staff.drafter)
    attach(key, 0, Upload("示例名单.pdf", PDF), staff.drafter)
    draft = notice_sheet(key, staff.drafter).draft
    assert draft is not None
    (line,) = draft.page.attachments

    with pytest.raises(NotFound):
        public_attachment(key, line.key)
    assert staff_attachment(key, line.key).content == PDF
    publish(key)

    document = public_attachment(key, line.key)
    assert (document.filename, document.media_type, document.content) == ("示例名单.pdf", "application/pdf", PDF)
    assert line.path == f"/notices/{key}/attachments/{line.key}"
    other = make_notice(Phase.RUNNING).key
    with pytest.raises(NotFound):
        public_attachment(other, line.key)


def test_the_files_of_a_version_stay_with_it(database_clock: DatabaseClock) -> None:
    staff = make_office()
    key = draft_notice(entry_for(Kind.FINAL), staff.drafter)
    attach(key, 0, Upload("示例名单.pdf", PDF), staff.drafter)
    publish(key)
    change_notice(key, Change.MISPRINT, title="关于示例名单的公示")

    (old,), (new,) = (public_notice(key, number).attachments for number in (1, 2))
    assert old.key != new.key
    assert public_attachment(key, old.key) == public_attachment(key, new.key)


def test_staff_see_drafts_first_and_find_by_kind_and_title(database_clock: DatabaseClock) -> None:
    running = make_notice(Phase.RUNNING)
    plain = make_notice(Phase.STANDING, title="百分之百%公告")
    draft = make_notice(Phase.DRAFT)

    assert [line.head for line in find_notices().rows] == [draft, plain, running]
    assert [line.state_words for line in find_notices().rows] == ["拟稿中", "", ""]
    assert find_notices(kind=Kind.FINAL).found == 2
    assert find_notices(words=" 百% ").rows == (NoticeLine(plain, None),)
    assert find_notices(words="_").found == 0


def test_a_notice_that_was_changed_is_listed_with_its_draft_and_read_as_published(
    database_clock: DatabaseClock,
) -> None:
    key = make_notice(Phase.RUNNING).key
    change_notice(key, Change.MISPRINT, title="关于示例名单的公示")

    sheet = notice_sheet(key, make_office().supervisor)
    assert [version.line.number for version in sheet.versions] == [2, 1]
    assert sheet.published == public_notice(key)
    assert (sheet.draft, sheet.may, sheet.created_by) == (None, frozenset(), "示例拟稿人")
    assert notice_sheet(key, make_office().drafter).may == {"notices.amend", "notices.media"}


def test_a_concluded_notice_says_by_whom(database_clock: DatabaseClock) -> None:
    key = make_notice(Phase.CONCLUDED, clock=database_clock).key

    assert notice_sheet(key, make_office().drafter).concluded_by == "示例签发人"
    assert head_of(key).last_day == date(2017, 4, 13)
