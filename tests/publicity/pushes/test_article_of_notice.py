"""A notice as an article: whole where it fits, cut at a block where it does not, nothing in it but words and form."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from publicity.notices.kinds import Change, Kind, Phase
from publicity.notices.office import Office
from publicity.notices.reading import AttachmentLine, NoticeHead, NoticePage, VersionLine
from publicity.pushes.article import article_of
from wechat.sending.drafts import CONTENT_BYTES, CONTENT_CHARACTERS

SITE = "http://vote.example"
TITLE = "关于示例预备人选的公示"
ALLOWED = {
    "section",
    "p",
    "h2",
    "h3",
    "ul",
    "ol",
    "li",
    "table",
    "thead",
    "tbody",
    "tfoot",
    "caption",
    "tr",
    "th",
    "td",
}
ALLOWED |= {"strong", "em", "u", "br"}
VOID = {"br"}


class Found(HTMLParser):
    """What stands in an article: its tags, their attributes, its words; and whether the tags close as they opened."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.words = ""
        self.open: list[str] = []
        self.torn = False
        self.feed(html)
        self.close()
        self.torn = self.torn or bool(self.open)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.torn = self.torn or not self.open or self.open.pop() != tag

    def handle_data(self, data: str) -> None:
        self.words += data


def page(body: str, *, title: str = TITLE, attachments: tuple[str, ...] = ()) -> NoticePage:
    head = NoticeHead(1, "k" * 32, Kind.FINAL, title, 1, None, None, None, 5, Phase.RUNNING, 5, None)
    version = VersionLine(1, Change.FIRST, "", title, None, None, None, "/notices/x/versions/1")
    files = tuple(AttachmentLine("a", name, "application/pdf", 1, "/x") for name in attachments)
    text = Markup(body)  # noqa: S704  # as the cleaner would leave it, or worse
    return NoticePage(head, version, text, "", (), files, Office("示例组织一科"), (version,))


def write(body: str, *, shown_title: str = TITLE, **more: object) -> str:
    return article_of(page(body, **more), {"title": shown_title}, SITE)  # type: ignore[arg-type]  # handed through


def names(count: int) -> str:
    items = "".join(f"<li>示例人{number:05d}，示例单位职员</li>" for number in range(count))
    return f"<h3>优秀共产党员</h3><ol>{items}</ol><p>受理单位：示例组织一科</p>"


def test_a_notice_that_fits_is_there_whole_with_its_address() -> None:
    found = Found(write(names(100), attachments=("名单.pdf",)))
    assert not found.torn
    assert found.words.count("示例人") == 100
    for told in ("受理单位：示例组织一科", "附件：名单.pdf", "全文和附件请点“阅读原文”", f"{SITE}/notices/{'k' * 32}"):
        assert told in found.words


def test_a_list_that_is_too_long_ends_with_a_whole_name_and_says_where_the_rest_is() -> None:
    article = write(names(5_000))
    found = Found(article)
    assert len(article) < CONTENT_CHARACTERS
    assert not found.torn
    assert "（这里只有前一部分）全文请点“阅读原文”" in found.words
    assert len(re.findall("示例人", found.words)) == len(re.findall(r"示例人\d{5}，示例单位职员", found.words)) > 500


def test_one_endless_paragraph_is_cut_inside() -> None:
    found = Found(write(f"<p>{'&amp;&lt;' * 30_000}</p>"))
    assert not found.torn
    assert "全文请点" in found.words


def test_a_title_that_had_to_be_shortened_stands_whole_above_the_text() -> None:
    long = "关于" + "示例" * 30 + "的公示"
    assert long in Found(write("<p>正文</p>", title=long, shown_title="关于示例…")).words
    assert TITLE not in Found(write("<p>正文</p>")).words


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<a href='javascript:alert(1)'>点我</a>",
        "<p onclick=alert(1) style='position:fixed'>字</p>",
        "<svg/onload=alert(1)>",
        "<iframe src=//evil.example></iframe>",
        "<table><tr><td colspan='9999' rowspan='2' onmouseover='x'>格</td></tr></table>",
        "<style>*{display:none}</style><p>字</p>",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "<p>没有关上<strong>的",
        "</section></p>多余的",
        "<p style=x>]]><![CDATA[<script>alert(1)</script>]]></p>",
    ],
)
def test_whatever_stands_in_a_text_only_words_and_form_come_out(attack: str) -> None:
    article = write(f"<p>{attack}</p><p>后面</p>")
    found = Found(article)
    assert not found.torn
    assert found.tags <= ALLOWED
    assert found.attributes <= {"style", "colspan", "rowspan"}
    assert "fixed" not in article
    assert "9999" not in article


@given(
    st.lists(
        st.sampled_from(["<p>", "</p>", "<ol>", "<li>", "</li>", "</ol>", "<b>", "字" * 900, "&amp;", "<br>", "<"])
    )
)
def test_any_text_becomes_an_article_within_the_limits(parts: list[str]) -> None:
    article = write("".join(parts * 3))
    found = Found(article)
    assert len(article) < CONTENT_CHARACTERS
    assert len(article.encode()) < CONTENT_BYTES
    assert not found.torn
    assert found.tags <= ALLOWED


def test_many_attachments_leave_room_for_the_text() -> None:
    found = Found(write(names(50), attachments=tuple(f"{'长' * 100}{number}.pdf" for number in range(200))))
    assert found.words.count("示例人") == 50
