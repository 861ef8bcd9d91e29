"""The words that follow from kind, list and office, and how list and days are put in their place."""

from datetime import date

import pytest

from publicity.notices.cleaning import clean_body, paragraphs_of
from publicity.notices.differences import Wording
from publicity.notices.kinds import WITH_PERIOD, Change, Kind
from publicity.notices.office import Office, check_office, lacking
from publicity.notices.period import Period
from publicity.notices.readiness import concerns
from publicity.notices.subjects import Subject, new_subject
from publicity.notices.wording import LIST, PERIOD, Days, fill, render_list, show_period, write_body, write_title

OFFICE = Office("示例组织一科", "工作日8:30至17:30", "12380", "示例市示例路1号", "office@example.cn")
SUBJECTS = (
    new_subject("示例村党支部", heading="十佳基层党组织"),
    new_subject("王示", "示例单位职员", heading="十佳共产党员"),
    new_subject("李例", "示例公司职员", heading="十佳共产党员"),
)
DAYS = Days(date(2017, 6, 5), Period(date(2017, 6, 6), date(2017, 6, 12)), 5)

REASON = (
    "根据市级“十佳百优”先进典型推荐工作安排，经逐级推荐、审查把关、网上评议和深入考察，综合各方面情况，并征求有关部门意见，"
    "研究提出了十佳基层党组织、十佳共产党员预备人选。为充分听取各方面意见，接受党员、群众监督，现予公示。"
)
WAYS = (
    "公示期间，党员、群众可以通过来信、来电、来访、电子邮件等方式，或者在本公示的网页上，"
    "向受理单位反映公示对象的情况和问题。信函以到达日邮戳为准。"
)
DEMANDS = (
    "反映问题要客观公正、实事求是，并告知或签署本人真实姓名、单位和联系电话，以便核实；"
    "以单位名义反映的，要加盖公章。对反映人的情况严格保密。"
)


def test_a_final_list_says_all_that_such_notices_say() -> None:
    body = clean_body(write_body(Kind.FINAL, SUBJECTS, OFFICE, "示例市委组织部"))

    assert paragraphs_of(str(fill(body, SUBJECTS, DAYS))) == (
        REASON,
        "十佳基层党组织（1个）",
        "示例村党支部",
        "十佳共产党员（2名）",
        "王示　示例单位职员",
        "李例　示例公司职员",
        "公示期：2017年6月6日至6月12日（5个工作日）。",
        WAYS,
        DEMANDS,
        "受理单位：示例组织一科",
        "受理时间：工作日8:30至17:30",
        "电话：12380",
        "地址：示例市示例路1号",
        "电子邮箱：office@example.cn",
        "示例市委组织部",
        "2017年6月5日",
    )


@pytest.mark.parametrize("kind", sorted(WITH_PERIOD))
def test_the_text_of_every_list_lacks_nothing_and_is_clean_as_it_is(kind: Kind) -> None:
    body = write_body(kind, SUBJECTS, OFFICE, "示例市委组织部")
    wording = Wording(write_title(kind, SUBJECTS), body, SUBJECTS, (), OFFICE)

    assert clean_body(body) == body
    assert (body.count(LIST), body.count(PERIOD)) == (1, 1)
    assert concerns(kind, Change.FIRST, wording, None) == ()


@pytest.mark.parametrize(
    ("kind", "title"),
    [
        (Kind.UNIT, "关于十佳基层党组织、十佳共产党员初步推荐对象的公示"),
        (Kind.CANDIDATES, "关于十佳基层党组织、十佳共产党员候选对象的公示"),
        (Kind.FINAL, "关于十佳基层党组织、十佳共产党员预备人选的公示"),
        (Kind.OPENING, "“十佳百优”先进典型网上评议开始的公告"),
        (Kind.CLOSING, "“十佳百优”先进典型网上评议结束的公告"),
        (Kind.PLAIN, ""),
    ],
)
def test_a_title_follows_from_the_kind_and_the_awards(kind: Kind, title: str) -> None:
    assert write_title(kind, SUBJECTS) == title


def test_without_awards_the_title_names_the_selection() -> None:
    assert write_title(Kind.FINAL) == "关于市级“十佳百优”先进典型预备人选的公示"


def test_an_opening_is_announced_in_the_words_of_the_room_above() -> None:
    body = write_body(Kind.OPENING, (), Office(), "示例市委组织部", ("投票时间：示例。", "<b>每个微信号限投一次。"))

    assert paragraphs_of(str(fill(body, (), Days(date(2017, 4, 19))))) == (
        "市级“十佳百优”先进典型候选对象网上评议现在开始，欢迎党员、群众参加。",
        "投票时间：示例。",
        "<b>每个微信号限投一次。",
        "示例市委组织部",
        "2017年4月19日",
    )


def test_a_plain_announcement_is_written_by_hand() -> None:
    assert write_body(Kind.PLAIN, SUBJECTS, OFFICE, "示例市委组织部") == ""


def test_before_publication_the_days_are_still_to_come() -> None:
    body = "<p>公示期：〔公示期〕。</p><p>〔发布日期〕</p>"

    assert fill(body, (), Days()) == "<p>公示期：发布后填入。</p><p>发布后填入</p>"


def test_what_stands_in_the_list_is_text_and_nothing_else() -> None:
    nasty = Subject("person", "1", "<img src=x>〔公示期〕", '"><script>', heading="<p>〔名单〕</p>")

    assert fill("<p>〔名单〕</p>", (nasty,), DAYS) == (
        "<h3>&lt;p&gt;〔名单〕&lt;/p&gt;（1名）</h3>"
        "<ol><li><strong>&lt;img src=x&gt;〔公示期〕</strong>　&#34;&gt;&lt;script&gt;</li></ol>"
    )


def test_a_list_that_everybody_was_taken_from_says_so() -> None:
    assert render_list(()) == "<p>（名单中的对象均已撤下。）</p>"


@pytest.mark.parametrize(
    ("period", "days", "shown"),
    [
        (Period(date(2017, 6, 5), date(2017, 6, 9)), 5, "2017年6月5日至6月9日（5个工作日）"),
        (Period(date(2017, 12, 28), date(2018, 1, 4)), 5, "2017年12月28日至2018年1月4日（5个工作日）"),
        (Period(date(2017, 6, 5), date(2017, 6, 5)), 1, "2017年6月5日（1个工作日）"),
    ],
)
def test_a_period_is_written_as_notices_do(period: Period, days: int, shown: str) -> None:
    assert show_period(period, days) == shown


def test_a_draft_is_told_all_that_it_lacks() -> None:
    wording = Wording("", "<p>如下：〔名单〕</p>", (), (), Office())

    assert [(one.field, one.text) for one in concerns(Kind.FINAL, Change.FIRST, wording, None)] == [
        ("title", "请填写标题。"),
        ("body", "正文里的〔名单〕要单独成一段，前后不能有别的字。"),
        ("subjects", "请填写公示的对象。"),
        ("body", "正文里没有〔公示期〕，要正好有一处，发布时公示期就显示在那里。"),
        ("office_name", "请填写受理单位。"),
        ("office_hours", "请填写受理时间。"),
        ("office_phone", "请填写电话。"),
        ("office_address", "请填写地址。"),
    ]


def test_an_announcement_has_no_period_and_shows_its_list() -> None:
    wording = Wording("公告", "<p>〔公示期〕</p>", SUBJECTS, (), Office())

    assert [one.text for one in concerns(Kind.PLAIN, Change.FIRST, wording, None)] == [
        "这种公告没有公示期，正文里不要写〔公示期〕。",
        "填了名单，正文里却没有〔名单〕，读者看不到。",
    ]


def test_an_office_that_cannot_be_reached_is_told_field_by_field() -> None:
    assert check_office(Office("科" * 81, "", "打电话", "一\n二", "nobody")) == {
        "office_name": "受理单位太长，最多80个字。",
        "office_phone": "电话只能用数字、括号和连字符。",
        "office_address": "地址只能是一行。",
        "office_email": "电子邮箱要写成 name@example.cn 的样子。",
    }
    assert check_office(OFFICE) == lacking(OFFICE) == {}
