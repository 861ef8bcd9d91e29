"""What a push may say by each channel: within the platform's limits it rests as typed, beyond them it is refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.errors import InvalidInput
from foundation.forms import InvalidFields
from publicity.pushes.channels import Channel
from publicity.pushes.contents import CUSTOMER_BYTES, checked_content, shorten

LIMITS = [
    ("once", "title", 15),
    ("once", "text", 200),
    ("customer", "text", 600),
    ("mass-text", "text", 600),
    ("mass-article", "title", 32),
    ("mass-article", "author", 16),
    ("mass-article", "digest", 128),
    ("publication", "title", 32),
    ("draft", "digest", 128),
]
OPTIONAL = {"author", "digest"}
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=700)


def content(way: str, **changes: str) -> tuple[str, dict[str, Any]]:
    channel, _, form = way.partition("-")
    filled = {"title": "示例", "text": "示例", "author": "示例", "digest": "示例", "form": form or "article"}
    return channel, {**filled, **changes}


@pytest.mark.parametrize(("way", "field", "most"), LIMITS)
def test_what_just_fits_is_kept_and_one_more_character_is_told(way: str, field: str, most: int) -> None:
    channel, fitting = content(way, **{field: "字" * most})
    assert checked_content(channel, fitting)[field] == "字" * most
    channel, longer = content(way, **{field: "字" * (most + 1)})
    with pytest.raises(InvalidInput) as refused:
        checked_content(channel, longer)
    assert refused.value.field == field
    assert f"最多{most}个字，现在有{most + 1}个。" in refused.value.message


@pytest.mark.parametrize(("way", "field", "most"), LIMITS)
@given(text=WORDS)
def test_any_text_is_either_kept_whole_or_refused_by_its_field(way: str, field: str, most: int, text: str) -> None:
    channel, typed = content(way, **{field: text})
    plain = text.strip()
    too_many_bytes = channel == Channel.CUSTOMER and len(plain.encode()) > CUSTOMER_BYTES
    if len(plain) > most or (not plain and field not in OPTIONAL) or too_many_bytes:
        with pytest.raises(InvalidInput) as refused:
            checked_content(channel, typed)
        assert refused.value.field == field
    else:
        assert checked_content(channel, typed)[field] == plain


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(InvalidFields) as refused:
        checked_content(*content("mass-article", title="", author="字" * 17, digest="字" * 129))
    assert refused.value.faults == {
        "title": "请填写标题。",
        "author": "作者最多16个字，现在有17个。",
        "digest": "摘要最多128个字，现在有129个。",
    }


def test_values_of_a_template_are_told_by_their_fields_and_never_cut_silently() -> None:
    fields = {"thing1": "字" * 21, "time2": "6月5日", "phone_number3": "12380", "phrase4": ""}
    with pytest.raises(InvalidFields) as refused:
        checked_content("template", {"template_id": "T", "fields": fields, "path": "/notices/x"})
    assert refused.value.faults == {
        "field-thing1": "模板的“thing1”最多20个字，只能是一行，现在有21个字。",
        "field-time2": "模板的“time2”要像“2026年4月25日 18:00”。",
        "field-phrase4": "模板的“phrase4”不能空着。",
    }


def test_a_template_message_without_a_template_is_none() -> None:
    with pytest.raises(InvalidInput) as refused:
        checked_content("template", {"template_id": "", "fields": {}})
    assert refused.value.field == "template_id"


def test_emoji_count_as_the_bytes_that_a_customer_message_has_room_for() -> None:
    assert checked_content("customer", {"text": "\U0001f642" * 400})["text"] == "\U0001f642" * 400
    with pytest.raises(InvalidInput) as refused:
        checked_content("customer", {"text": "\U0001f642" * 500})
    assert refused.value.field == "text"


@given(text=WORDS, most=st.integers(1, 40))
def test_what_is_shortened_fits_on_one_line(text: str, most: int) -> None:
    short = shorten(text, most)
    assert len(short) <= most
    assert len(short.splitlines()) <= 1
