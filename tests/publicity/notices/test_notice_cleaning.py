"""Rich text from outside: nothing but the allowed tags and attributes is left, and no word that was typed is lost."""

from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.errors import InvalidInput
from publicity.notices.cleaning import ATTRIBUTES, LONGEST, REL, TAGS, clean_body, paragraphs_of
from publicity.notices.wording import Days, fill
from tests.publicity.xss_payloads import HTML, PAYLOADS

PIECES = st.one_of(
    st.sampled_from(PAYLOADS),
    st.sampled_from(["<p>", "</p>", "<table>", "<td>", "<svg>", "<math>", "<style>", "<!--", "-->", "<a href='", "'>"]),
    st.text(alphabet="<>/='\"&;! aptd名单〔〕", max_size=12),
)
DOCUMENTS = st.lists(PIECES, max_size=8).map("".join)


class Allowed(HTMLParser):
    """Fails at whatever the allowlist does not name."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS
        for name, value in attrs:
            assert name in ATTRIBUTES.get(tag, set()) | ({"rel"} if tag == "a" else set())
            if name == "rel":
                assert value == REL
            elif name == "href":
                assert urlsplit(value or "").scheme in {"http", "https", "mailto"}
            else:
                assert value is not None
                assert value.isdigit()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        raise AssertionError(tag)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(decl)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)


def check_allowed(html: str) -> None:
    parser = Allowed()
    parser.feed(html)
    parser.close()


def test_there_are_two_hundred_payloads() -> None:
    assert (len(PAYLOADS), len(set(PAYLOADS))) == (200, 200)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_payload_becomes_allowed_markup_or_mere_text(payload: str) -> None:
    for text in (payload, f"<p>{payload}</p>", f"<a href='{payload}'>x</a>", f'<td colspan="{payload}">x</td>'):
        check_allowed(clean_body(text))
        check_allowed(fill(clean_body(text), (), Days()))


@given(DOCUMENTS)
def test_whatever_is_pasted_comes_out_allowed_and_stays_as_it_is(document: str) -> None:
    cleaned = clean_body(document)

    check_allowed(cleaned)
    assert clean_body(cleaned) == cleaned


@given(st.lists(st.sampled_from(HTML), max_size=3).map("".join), st.text(alphabet="示例文字abc，。1", min_size=1))
def test_words_stand_whatever_stood_before_them(payload: str, words: str) -> None:
    cleaned = clean_body(f"<p>{words}</p>{payload}")

    assert paragraphs_of(cleaned)[0].startswith(" ".join(words.split()))


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf", "Z"], exclude_characters="<>&"), min_size=1))
def test_typed_lines_become_paragraphs_word_for_word(line: str) -> None:
    assert paragraphs_of(clean_body(f"{line}\n\n  {line}\r\n")) == (line, line)


@pytest.mark.parametrize(
    ("typed", "cleaned"),
    [
        ("", ""),
        ("<p>&nbsp;</p><p></p>", ""),
        ("甲 < 乙 & 丙", "<p>甲 &lt; 乙 &amp; 丙</p>"),
        ("甲 &amp; 乙", "<p>甲 &amp; 乙</p>"),
        ("第一行\r\n第二行", "<p>第一行</p><p>第二行</p>"),
        ("<div>第一段</div><div>第二段</div>", "<p>第一段</p><p>第二段</p>"),
        ("<h1>大</h1><h4>小</h4>", "<h2>大</h2><h3>小</h3>"),
        ("<b>粗</b><i>斜</i>", "<p><strong>粗</strong><em>斜</em></p>"),
        (
            "<p class=MsoNormal style='mso-x:y'><span lang=EN-US>示例<o:p></o:p></span></p>",
            "<p>示例</p>",
        ),
        ("<p>前<script>alert(1)</script><style>p{}</style>后</p>", "<p>前后</p>"),
        ("<p>前<font color=red>红</font><u>线</u></p>", "<p>前红<u>线</u></p>"),
        (
            "<a href='https://example.cn/x?y=1&z=2' target=_blank id=a>链接</a>",
            '<p><a href="https://example.cn/x?y=1&amp;z=2" rel="noopener noreferrer nofollow">链接</a></p>',
        ),
        ("<a href='/console/notices'>站内</a>", "<p>站内</p>"),
        ("<p>图<img src='https://example.cn/x.png' alt='示例'>后</p>", "<p>图后</p>"),
        (
            "<table><tr><td colspan='2' width=9>甲</td></tr></table>",
            '<table><tbody><tr><td colspan="2">甲</td></tr></tbody></table>',
        ),
        ("<p><strong>〔名单〕</strong></p>", "<p>〔名单〕</p>"),
        ("<p>如下：〔名单〕</p>", "<p>如下：〔名单〕</p>"),
    ],
)
def test_what_staff_paste_is_kept_as_far_as_a_notice_needs_it(typed: str, cleaned: str) -> None:
    assert clean_body(typed) == cleaned


def test_a_text_beyond_all_measure_is_refused() -> None:
    with pytest.raises(InvalidInput) as caught:
        clean_body("字" * (LONGEST + 1))

    assert (caught.value.field, caught.value.message) == ("body", "正文太长，最多100,000个字符。")


def test_paragraphs_are_read_as_lines_and_rows_of_a_table_as_one() -> None:
    body = "<h2>标题</h2><p>一<br>二</p><ul><li>甲</li><li>乙</li></ul><table><tr><td>左</td><td>右</td></tr></table>"

    assert paragraphs_of(clean_body(body)) == ("标题", "一", "二", "甲", "乙", "左 右")
