"""What a push says before anybody wrote something: taken from the notice, within the limits of each channel."""

from typing import Any

from publicity.notices.kinds import KIND_NAMES
from publicity.notices.reading import NoticePage
from publicity.pushes.channels import Channel
from publicity.pushes.contents import shorten
from publicity.pushes.templates_set import TEMPLATES, TemplateSet, values_for
from wechat.sending.drafts import AUTHOR_CHARACTERS, DIGEST_CHARACTERS, TITLE_CHARACTERS
from wechat.sending.mass import TEXT_CHARACTERS
from wechat.sending.once import CONTENT_CHARACTERS
from wechat.sending.once import TITLE_CHARACTERS as ONCE_TITLE_CHARACTERS


def content_for(channel: Channel, page: NoticePage, site: str, form: str = "article") -> dict[str, Any]:
    """Return what a push of a published notice says over a channel; `form` is text or article, of a mass message."""
    if channel is Channel.TEMPLATE:
        return template_content(next(iter(TEMPLATES.value()), None), page)
    if channel is Channel.ONCE:
        return {
            "title": shorten(KIND_NAMES[page.head.kind], ONCE_TITLE_CHARACTERS),
            "text": shorten(" ".join(_sentences(page)), CONTENT_CHARACTERS),
            "path": page.head.path,
        }
    if channel is Channel.CUSTOMER:
        return {"text": _lines(page, TEXT_CHARACTERS), "path": page.head.path}
    if channel is Channel.MASS and form == "text":
        address = f"\n全文：{site}{page.head.path}"
        return {"form": "text", "text": _lines(page, TEXT_CHARACTERS - len(address)) + address}
    return _article(page)


def template_content(template: TemplateSet | None, page: NoticePage) -> dict[str, Any]:
    """Return what a template message of a notice says; nothing where no template is set."""
    if template is None:
        return {"template_id": "", "fields": {}, "path": page.head.path}
    return {"template_id": template.template_id, "fields": values_for(template, page), "path": page.head.path}


def _article(page: NoticePage) -> dict[str, Any]:
    return {
        "form": "article",
        "title": shorten(page.head.title, TITLE_CHARACTERS),
        "author": shorten(page.office.name, AUTHOR_CHARACTERS),
        "digest": shorten(" ".join(_sentences(page)[1:]) or page.head.title, DIGEST_CHARACTERS),
        "cover": "",
    }


def _lines(page: NoticePage, most: int) -> str:
    title, *others = _sentences(page)
    rest = "".join(f"\n{line}" for line in others)
    return shorten(title, most - len(rest)) + rest


def _sentences(page: NoticePage) -> tuple[str, ...]:
    """Say what it is, and where it has one, its period and who takes objections."""
    title, head, office = page.head.title, page.head, page.office
    if head.first_day is None or head.last_day is None:
        return (title,)
    ends = "至".join(f"{day.month}月{day.day}日" for day in (head.first_day, head.last_day))
    period = f"公示期{ends}，共{head.working_days}个工作日。"
    phone = f"，电话{office.phone}" if office.phone else ""
    if not office.name:
        return (title, period)
    return (title, period, shorten(f"如有意见，请向{office.name}反映{phone}。", 120))
