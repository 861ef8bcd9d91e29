"""What a push says, by its channel: the limits of each, and what is wrong with it."""

from collections.abc import Iterator, Mapping
from typing import Any

from foundation.errors import InvalidInput
from foundation.forms import InvalidFields, check_each
from publicity.pushes.channels import Channel
from wechat.messages import TEXT_BYTES
from wechat.sending.drafts import AUTHOR_CHARACTERS, DIGEST_CHARACTERS, TITLE_CHARACTERS
from wechat.sending.fields import check_field
from wechat.sending.mass import TEXT_CHARACTERS
from wechat.sending.once import CONTENT_CHARACTERS
from wechat.sending.once import TITLE_CHARACTERS as ONCE_TITLE_CHARACTERS

Content = Mapping[str, Any]
ADDRESS_BYTES = 248  # kept free for the notice's address, which is sent below the words
CUSTOMER_BYTES = TEXT_BYTES - ADDRESS_BYTES
TEMPLATE_FIELD = "field-"
_BLANK_TEMPLATE = "请先选一个模板。"


def checked_content(channel: str, content: Content) -> dict[str, Any]:
    """Return the content as it rests and is sent; raises InvalidFields with a sentence for each field.

    Fields of a template are named `field-<name>` there, as in forms.
    """
    if channel == Channel.TEMPLATE:
        return _checked_template(content)
    if channel == Channel.ONCE:
        return _checked_once(content)
    if channel == Channel.CUSTOMER:
        return _checked_customer(content)
    if channel == Channel.MASS and content.get("form") != "article":
        return _checked_mass_text(content)
    return _checked_article(content)


def is_article(channel: str, content: Content) -> bool:
    """Tell whether what is sent is an article, which has a page of its own inside WeChat."""
    return channel in (Channel.PUBLICATION, Channel.DRAFT) or (
        channel == Channel.MASS and content.get("form") == "article"
    )


def shorten(text: str, most: int) -> str:
    """Return `text` on one line, with an ellipsis where it is longer than `most` characters."""
    plain = " ".join(text.split())
    return plain if len(plain) <= most else plain[: most - 1] + "…"


def _checked_template(content: Content) -> dict[str, Any]:
    fields = {name: str(text).strip() for name, text in dict(content.get("fields") or {}).items()}
    template_id = _text(content, "template_id")
    if not template_id or not fields:
        raise InvalidInput(_BLANK_TEMPLATE, field="template_id")
    faults = dict(_field_faults(fields))
    if faults:
        raise InvalidFields(faults)
    return {"template_id": template_id, "fields": fields, "path": _text(content, "path")}


def _field_faults(fields: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the values: a person who types one is told, where sending would shorten it."""
    for name, text in fields.items():
        try:
            sent = check_field(name, text)
        except InvalidInput as error:
            yield TEMPLATE_FIELD + name, error.message
        else:
            if sent != text:
                yield TEMPLATE_FIELD + name, f"模板的“{name}”最多{len(sent)}个字，只能是一行，现在有{len(text)}个字。"


def _checked_once(content: Content) -> dict[str, Any]:
    title, text = _text(content, "title"), _text(content, "text")
    check_each(
        lambda: _need("title", "标题", title, ONCE_TITLE_CHARACTERS),
        lambda: _need("text", "内容", text, CONTENT_CHARACTERS),
    )
    return {"title": title, "text": text, "path": _text(content, "path")}


def _checked_customer(content: Content) -> dict[str, Any]:
    text = _text(content, "text")
    _need("text", "内容", text, TEXT_CHARACTERS)
    if len(text.encode()) > CUSTOMER_BYTES:
        raise InvalidInput("内容太长，请减少一些字。", field="text")
    return {"text": text, "path": _text(content, "path")}


def _checked_mass_text(content: Content) -> dict[str, Any]:
    text = _text(content, "text")
    _need("text", "文字", text, TEXT_CHARACTERS)
    return {"form": "text", "text": text}


def _checked_article(content: Content) -> dict[str, Any]:
    title, author, digest = (_text(content, name) for name in ("title", "author", "digest"))
    check_each(
        lambda: _need("title", "标题", title, TITLE_CHARACTERS),
        lambda: _fit("author", "作者", author, AUTHOR_CHARACTERS),
        lambda: _fit("digest", "摘要", digest, DIGEST_CHARACTERS),
    )
    return {"form": "article", "title": title, "author": author, "digest": digest, "cover": _text(content, "cover")}


def _text(content: Content, name: str) -> str:
    return str(content.get(name) or "").strip()


def _need(field: str, words: str, text: str, most: int) -> None:
    if not text:
        raise InvalidInput(f"请填写{words}。", field=field)
    _fit(field, words, text, most)


def _fit(field: str, words: str, text: str, most: int) -> None:
    if len(text) > most:
        raise InvalidInput(f"{words}最多{most}个字，现在有{len(text)}个。", field=field)
