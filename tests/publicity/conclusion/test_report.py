"""The 公示情况报告: everything that is recorded of a notice, nothing of who objected, and no text that runs."""

import io
import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from docx.enum.section import WD_ORIENT
from docx.shared import Mm
from flask import Flask
from sqlalchemy import select

from foundation.errors import Conflict, NotFound
from foundation.spreadsheets import readable
from foundation.transaction import transaction
from publicity.conclusion.concluding import conclude_notice
from publicity.conclusion.document import write
from publicity.conclusion.exporting import export_report
from publicity.conclusion.report import End, NoticeReport, ReportedMedium, ReportedVersion
from publicity.notices.drafting import NoticeEntry, draft_notice
from publicity.notices.kinds import Change, Kind, Phase
from publicity.notices.media import MediumEntry, note_medium
from publicity.notices.period import Period
from publicity.notices.subjects import Subject
from publicity.objections.figures import ObjectionFigures
from publicity.objections.rules import RaisedAs, State, Way
from publicity.pushes.figures import PushFigures
from publicity.pushes.models import Delivery, Push
from staff.personal.watermark import Taker
from tests.conftest import PUBLIC_URL, DatabaseClock
from tests.publicity.conclusion.factories_conclusion import (
    DING,
    LI,
    NOT_SO,
    OVER,
    PUBLISHED,
    RUNNING,
    SUBJECTS,
    TITLE,
    VILLAGE,
    WANG,
    enter_letter,
    publish_change,
    publish_entry,
    publish_list,
    raise_on_the_web,
    settle,
)
from tests.publicity.conclusion.reading_report import (
    Block,
    blocks_of,
    codes_in,
    opened,
    said_in,
    targets_in,
)
from tests.publicity.factories_notices import OFFICE, Staff, entry_for, make_office
from tests.publicity.factories_objections import NAME, PHONE, TEXT
from tests.publicity.factories_pushes import make_push
from tests.publicity.xss_payloads import PAYLOADS

TAKER = Taker("示例经办", "jingban", "0123abcd0123abcd0123abcd0123abcd")
ORIGIN = (
    "根据市级“十佳百优”先进典型推荐工作安排，经逐级推荐、审查把关、网上评议和深入考察，综合各方面情况，并征求有关部门意见，"
    "研究提出了十佳基层党组织、十佳共产党员预备人选。为充分听取各方面意见，接受党员、群众监督，现予公示。"
)
LINE = "_" * 12
HEADINGS = ["序号", "奖项", "姓名（名称）", "单位及职务", "推荐单位"]
VERSION_HEADINGS = ["版本", "发布时间", "变动", "说明", "公示期"]


@pytest.fixture
def staff(app: Flask, database_clock: DatabaseClock) -> Staff:
    database_clock.set(PUBLISHED)
    return make_office()


@pytest.fixture
def key(staff: Staff) -> str:
    return publish_list(staff)


def report_of(key: str) -> bytes:
    return export_report(key, TAKER).content


def part(content: bytes, number: str) -> list[Block]:
    """Return what stands below the heading that begins with this number."""
    blocks = blocks_of(content)
    starts = [
        at for at, block in enumerate(blocks) if isinstance(block, str) and re.match(r"[一二三四五六七]、", block)
    ]
    begin = next(at for at in starts if str(blocks[at]).startswith(number))
    end = next((at for at in starts if at > begin), len(blocks))
    return blocks[begin + 1 : end]


def add_push(key: str, **states: int) -> None:
    """Put down a push that is over, with so many deliveries in each state."""
    begun = PUBLISHED + timedelta(hours=1)
    columns = {"begun_at": begun, "ended_at": begun + timedelta(minutes=5), "total": sum(states.values())}
    push = make_push("template", state="finished", notice_key=key, **columns)
    with transaction() as session:
        push_id = session.scalars(select(Push.id).where(Push.key == push)).one()
        session.add_all(Delivery(push_id=push_id, state=state) for state, count in states.items() for _ in range(count))


def test_a_concluded_notice_is_reported_from_title_to_signatures(
    key: str, staff: Staff, database_clock: DatabaseClock
) -> None:
    note_medium(key, MediumEntry("示例日报", PUBLISHED.date(), "https://news.example/gongshi"), staff.drafter)
    add_push(key, delivered=3, sent=1, refused=1, unknown=1)
    settle(raise_on_the_web(key), staff)
    database_clock.set(OVER)
    conclude_notice(key, "", staff.drafter)
    assert blocks_of(report_of(key)) == [
        "公示情况报告",
        f"（{TITLE}）",
        "公示已经结束，现将公示情况报告如下。本报告根据截至2017年6月10日 10:00的记录生成。",
        "一、公示的缘由和程序",
        ORIGIN,
        "二、公示对象",
        "公示对象共3个（名），其中十佳基层党组织1、十佳共产党员2。",
        [
            HEADINGS,
            ["1", "十佳基层党组织", "示例村党支部", "", "示例县委"],
            ["2", "十佳共产党员", "王示例", "示例县示例村 党支部书记", "示例县委"],
            ["3", "十佳共产党员", "丁示例", "示例区示例学校 教师", "示例区委"],
        ],
        "三、公示期",
        "公示期自2017年6月5日起，至2017年6月9日止，共5个工作日。",
        [
            VERSION_HEADINGS,
            ["第1版", "2017年6月2日 10:00", "首次发布", "—", "2017年6月5日至2017年6月9日"],
        ],
        "四、公示媒体",
        f"公示全文公布在公示页：{PUBLIC_URL}/notices/{key}。同时在1处刊登或张贴，凭据见下表。",
        [["序号", "媒体", "刊登日期", "凭据"], ["1", "示例日报", "2017年6月2日", "https://news.example/gongshi"]],
        "五、推送情况",
        "通过公众号推送1次，送达4人次。另有1条没有得到微信的应答，不知道是否收到，没有计入送达。",
        [
            ["渠道", "对象", "时间", "应发", "送达", "拒收", "取关", "失败", "不明", "重发"],
            ["模板消息", "全部关注者", "6月2日 11:00至6月2日 11:05", "6", "4", "1", "0", "0", "1", "0"],
        ],
        "六、反映情况及办理结果",
        "共收到反映1件：按方式分，网页1件；按署名分，实名1件。已办结1件，其中不属实1件。全部办结。",
        [
            ["序号", "到达日期", "反映对象", "方式", "署名", "结果", "情况"],
            ["1", "2017年6月2日", "王示例（示例县委）", "网页", "实名", "不属实", NOT_SO],
        ],
        "七、公示结论",
        "公示期满，2017年6月10日 10:00由示例拟稿人办理结束。",
        "结束时没有未办结的反映。",
        f"制表人：{LINE}　　复核人：{LINE}",
        OFFICE.name,
        "2017年6月10日",
    ]


def test_before_the_end_the_report_says_so(key: str, database_clock: DatabaseClock) -> None:
    database_clock.set(RUNNING)
    content = report_of(key)
    assert "公示尚未结束。本报告反映截至2017年6月6日 10:00的情况，公示结束后应重新生成。" in blocks_of(content)
    assert part(content, "七")[0] == "公示尚未结束，暂无结论。"
    assert part(content, "五") == ["没有通过公众号推送。"]
    assert part(content, "六") == ["没有收到反映。"]


def test_a_leaders_reason_stands_in_the_conclusion(key: str, staff: Staff, database_clock: DatabaseClock) -> None:
    raise_on_the_web(key)
    database_clock.set(OVER)
    conclude_notice(key, "反映的事项与公示对象无关。", staff.leader)
    assert part(report_of(key), "七")[:2] == [
        "公示期满，2017年6月10日 10:00由示例签发人办理结束。",
        "结束时仍有反映没有办结，由部领导决定结束，理由：反映的事项与公示对象无关。",
    ]


def test_every_version_is_told_with_what_it_changed_and_restarts_are_named(
    key: str, staff: Staff, database_clock: DatabaseClock
) -> None:
    database_clock.set(RUNNING)
    publish_change(staff, key, Change.SUBJECTS, "丁示例本人申请退出，换为李示例", (VILLAGE, WANG, LI))
    publish_change(staff, key, Change.WITHDRAWAL, "李示例另有安排", (VILLAGE, WANG))
    content = report_of(key)
    assert part(content, "三") == [
        "公示期自2017年6月7日起，至2017年6月13日止，共5个工作日。",
        "期间因增补或更换公示对象，公示期重新起算1次（第2版），以最后一次为准。",
        [
            VERSION_HEADINGS,
            ["第1版", "2017年6月2日 10:00", "首次发布", "—", "2017年6月5日至2017年6月9日"],
            [
                "第2版",
                "2017年6月6日 10:00",
                "增补或更换公示对象，公示期重新起算",
                "丁示例本人申请退出，换为李示例",
                "2017年6月7日至2017年6月13日",
            ],
            [
                "第3版",
                "2017年6月6日 10:00",
                "撤下公示对象，公示期不变",
                "李示例另有安排",
                "2017年6月7日至2017年6月13日",
            ],
        ],
    ]
    (table,) = [block for block in part(content, "二") if isinstance(block, list)]
    assert [row[2] for row in table[1:]] == ["示例村党支部", "王示例"]


def test_objections_are_counted_by_way_and_result(key: str, staff: Staff) -> None:
    settle(raise_on_the_web(key), staff, result=State.FOUNDED, summary="情况属实，已请本人说明。")
    raise_on_the_web(key, DING, RaisedAs.ANONYMOUS)
    raise_on_the_web(key, VILLAGE)
    said, table = part(report_of(key), "六")
    assert said == (
        "共收到反映3件：按方式分，网页3件；按署名分，实名2件、匿名1件。"
        "已办结2件，其中属实1件、不予受理1件。尚未办结1件。"
    )
    assert [row[2:] for row in table[1:]] == [
        ["王示例（示例县委）", "网页", "实名", "属实", "情况属实，已请本人说明。"],
        ["丁示例（示例区委）", "网页", "匿名", "不予受理", "匿名反映且没有具体线索，按规定不予受理。"],
        ["示例村党支部（示例县委）", "网页", "实名", "待受理", "—"],
    ]


def test_nothing_in_it_tells_who_objected_or_what_they_wrote(
    key: str, staff: Staff, database_clock: DatabaseClock
) -> None:
    codes = [raise_on_the_web(key)]
    database_clock.set(OVER)
    codes.append(enter_letter(key, staff))
    settle(codes[0], staff)
    said = said_in(report_of(key))
    assert NOT_SO in said
    assert [secret for secret in (NAME, PHONE, TEXT, "示例核查情况", "示例认定", *codes) if secret in said] == []


def test_without_headings_subjects_are_only_counted(staff: Staff) -> None:
    key = publish_list(staff, tuple(replace(subject, heading="") for subject in SUBJECTS))
    assert part(report_of(key), "二")[0] == "公示对象共3个（名）。"


def test_a_list_of_which_everybody_was_taken_down_has_no_table(key: str, staff: Staff) -> None:
    publish_change(staff, key, Change.WITHDRAWAL, "示例：全部撤下", ())
    assert part(report_of(key), "二") == ["公示对象共0个（名）。"]


def test_the_page_is_a4_upright_with_the_mark_on_its_foot(key: str) -> None:
    document = opened(report_of(key))
    section = document.sections[0]
    assert section.orientation == WD_ORIENT.PORTRAIT
    assert [round((side or 0) / Mm(1)) for side in (section.page_width, section.page_height)] == [210, 297]
    assert section.footer.paragraphs[-1].text == "由 示例经办（jingban）于 2017年6月2日 10:00 导出 · 编号 0123abcd"
    assert document.core_properties.title == f"公示情况报告　{TITLE}"


def test_the_file_bears_key_and_moment(key: str) -> None:
    assert re.fullmatch(rf"公示情况报告-{key[:8]}-20170602-10\d{{4}}\.docx", export_report(key, TAKER).filename)


def test_signatures_office_and_day_stay_on_one_page(key: str) -> None:
    *_, sign, office, day = [line for line in opened(report_of(key)).paragraphs if line.text]
    assert [line.paragraph_format.keep_with_next for line in (sign, office, day)] == [True, True, None]


def test_of_a_draft_an_announcement_or_nothing_there_is_no_report(staff: Staff) -> None:
    with pytest.raises(Conflict):
        report_of(draft_notice(entry_for(), staff.drafter))
    with pytest.raises(Conflict):
        report_of(publish_entry(staff, NoticeEntry(Kind.PLAIN, "示例公告", "<p>示例。</p>")))
    with pytest.raises(NotFound):
        report_of("0" * 32)


def poisoned() -> NoticeReport:
    """Return a report that says every payload wherever somebody may have typed it."""
    day, period, together = PUBLISHED.date(), Period(date(2017, 6, 5), date(2017, 6, 9)), "".join(PAYLOADS)
    settled = (Way.WEB, RaisedAs.PERSON, State.UNFOUNDED, day, PUBLISHED, PUBLISHED)
    pushed = PushFigures("", "", 1, "finished", PUBLISHED, PUBLISHED, 1, 1, 1, 1, 1, 1, 1, 1, 1)
    return NoticeReport(
        title=together,
        address=together,
        as_of=PUBLISHED,
        phase=Phase.CONCLUDED,
        office=together,
        working_days=5,
        origin=PAYLOADS,
        subjects=tuple(Subject("person", "key", one, one, one, one) for one in PAYLOADS),
        versions=tuple(ReportedVersion(1, PUBLISHED, Change.FIRST, one, period) for one in PAYLOADS),
        media=tuple(ReportedMedium(one, day, one, one) for one in PAYLOADS),
        pushes=tuple(replace(pushed, channel=one, audience=one) for one in PAYLOADS),
        objections=tuple(ObjectionFigures("CODE", one, one, *settled, one) for one in PAYLOADS),
        end=End(PUBLISHED, together, together),
    )


def test_there_are_two_hundred_payloads() -> None:
    assert len(set(PAYLOADS)) == len(PAYLOADS) >= 200


def test_no_payload_becomes_a_field_a_link_or_an_object() -> None:
    stream = io.BytesIO()
    write(poisoned(), stream, "由 {} 导出".format("".join(PAYLOADS)))
    content = stream.getvalue()
    assert (codes_in(content), targets_in(content)) == ([], [])
    said = [readable(payload) for payload in PAYLOADS]
    subjects, versions, media, pushes, objections = (block for block in blocks_of(content) if isinstance(block, list))
    assert [row[1:] for row in subjects[1:]] == [[one] * 4 for one in said]
    assert [row[3] for row in versions[1:]] == said
    assert [row[1::2] for row in media[1:]] == [[one, f"{one}\n扫描件：{one}"] for one in said]
    assert [row[:2] for row in pushes[1:]] == [[one, one] for one in said]
    assert [(row[2], row[6]) for row in objections[1:]] == [(f"{one}（{one}）", one) for one in said]
    assert opened(content).sections[0].footer.paragraphs[-1].text == f"由 {''.join(said)} 导出"
