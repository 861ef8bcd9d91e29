"""Where a notice stood besides, and what shows it."""

import io
from datetime import date

import pytest
from flask import Flask
from PIL import Image

from foundation.errors import Conflict, NotAllowed, NotFound
from foundation.forms import InvalidFields
from foundation.uploads import Upload
from publicity.notices.kinds import Phase
from publicity.notices.media import MediumEntry, note_medium, read_scan, remove_medium
from publicity.notices.sheet import MediumLine, notice_sheet
from tests.conftest import DatabaseClock
from tests.publicity.factories_notices import MONDAY, Staff, make_notice, make_office
from tests.staff.factories_staff import recorded

TODAY = date(2017, 6, 5)
PAPER = MediumEntry("示例日报", TODAY, "https://example.cn/paper")


@pytest.fixture
def staff(app: Flask, database_clock: DatabaseClock) -> Staff:
    database_clock.set(MONDAY)
    return make_office()


@pytest.fixture
def notice(staff: Staff) -> str:
    return make_notice(Phase.RUNNING).key


def media(key: str, staff: Staff) -> tuple[MediumLine, ...]:
    return notice_sheet(key, staff.supervisor).media


def scan() -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (60, 80), "white").save(content, "JPEG")
    return content.getvalue()


def test_a_link_or_a_scan_shows_a_medium(staff: Staff, notice: str) -> None:
    linked = note_medium(notice, PAPER, staff.drafter)
    scanned = note_medium(notice, MediumEntry("示例公告栏", TODAY, "", Upload("照片.jpeg", scan())), staff.reviewer)

    assert [(line.key, line.name, line.address, line.filename, line.noted_by) for line in media(notice, staff)] == [
        (linked, "示例日报", "https://example.cn/paper", "", "示例拟稿人"),
        (scanned, "示例公告栏", "", "照片.jpg", "示例审核人"),
    ]
    document = read_scan(notice, scanned, staff.supervisor)
    assert (document.filename, document.media_type) == ("照片.jpg", "image/jpeg")
    assert recorded()[-1][:2] == ("shenhe", "notices.media")
    with pytest.raises(NotFound):
        read_scan(notice, linked, staff.drafter)
    with pytest.raises(NotFound):
        read_scan(make_notice(Phase.RUNNING).key, scanned, staff.drafter)


@pytest.mark.parametrize(
    ("entry", "faults"),
    [
        (
            MediumEntry(" ", None),
            {
                "name": "请填写媒体或网站的名称。",
                "appeared_on": "请填写刊登日期。",
                "address": "请填写网址，或者传一张扫描件。",
            },
        ),
        (
            MediumEntry("报" * 61, date(2017, 6, 6), "javascript:alert(1)"),
            {
                "name": "名称太长，最多60个字。",
                "appeared_on": "刊登日期还没有到，刊登以后再登记。",
                "address": "网址要以 http:// 或 https:// 开头。",
            },
        ),
        (MediumEntry("示例", TODAY, "https://"), {"address": "网址要以 http:// 或 https:// 开头。"}),
        (MediumEntry("示例", TODAY, "http://[x"), {"address": "网址要以 http:// 或 https:// 开头。"}),
        (MediumEntry("示例", TODAY, "https://x.cn/ y"), {"address": "网址要以 http:// 或 https:// 开头。"}),
    ],
)
def test_what_cannot_be_used_is_told_field_by_field(
    staff: Staff, notice: str, entry: MediumEntry, faults: dict[str, str]
) -> None:
    with pytest.raises(InvalidFields) as caught:
        note_medium(notice, entry, staff.drafter)

    assert caught.value.faults == faults
    assert media(notice, staff) == ()


def test_a_slip_is_taken_back_until_the_notice_is_concluded(
    staff: Staff, notice: str, database_clock: DatabaseClock
) -> None:
    key = note_medium(notice, PAPER, staff.drafter)
    remove_medium(notice, key, staff.drafter)
    with pytest.raises(NotFound):
        remove_medium(notice, key, staff.drafter)
    concluded = make_notice(Phase.CONCLUDED, clock=database_clock).key
    late = note_medium(concluded, PAPER, staff.drafter)

    with pytest.raises(Conflict, match="不能再删"):
        remove_medium(concluded, late, staff.drafter)
    assert media(notice, staff) == ()
    assert len(media(concluded, staff)) == 1


def test_a_draft_stood_nowhere(staff: Staff) -> None:
    with pytest.raises(Conflict, match="还没有发布"):
        note_medium(make_notice(Phase.DRAFT).key, PAPER, staff.drafter)


def test_only_the_office_notes_media(staff: Staff, notice: str) -> None:
    for somebody in (staff.leader, staff.supervisor):
        with pytest.raises(NotAllowed):
            note_medium(notice, PAPER, somebody)
