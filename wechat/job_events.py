"""What the platform tells of its own accord: how a sending or publishing job ended, what people said to subscriptions.

The platform writes a list of one like a single thing, leaves lists empty or out, and spells the number of a job in two
ways; the event's name alone says which of these is meant.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from xml.etree.ElementTree import Element

_WHOLE = re.compile(r"[0-9]{1,20}")


@dataclass(frozen=True, slots=True)
class PublishedArticle:
    """Where an article of a job stands; `place` counts from 1."""

    place: int
    url: str


@dataclass(frozen=True, slots=True)
class TemplateSent:
    """TEMPLATESENDJOBFINISH: what became of the template message `job`; `status` in the platform's words."""

    job: str
    status: str

    @property
    def arrived(self) -> bool:
        return self.status == "success"


@dataclass(frozen=True, slots=True)
class MassSent:
    """MASSSENDJOBFINISH: what became of the mass message `job`, and how many followers it was for, and reached.

    `status` is "send success", "send fail" or "err(n)"; an account may tell the end of a publication this way too.
    """

    job: str
    status: str
    total: int
    filtered: int
    sent: int
    failed: int
    articles: tuple[PublishedArticle, ...]

    @property
    def succeeded(self) -> bool:
        return self.status == "send success"


@dataclass(frozen=True, slots=True)
class Published:
    """PUBLISHJOBFINISH: what became of the publication `job` (the publish_id).

    `status` is the platform's publish_status, 0 when it is out and -1 where it says none; `refused` are the places of
    the articles that were refused.
    """

    job: str
    status: int
    article_id: str
    articles: tuple[PublishedArticle, ...]
    refused: tuple[int, ...]

    @property
    def succeeded(self) -> bool:
        return self.status == 0


@dataclass(frozen=True, slots=True)
class SubscriptionAnswer:
    """What a person said to the messages of one template; `place` is the platform's PopupScene, if it says so."""

    template: str
    accepted: bool
    place: str


@dataclass(frozen=True, slots=True)
class SubscriptionAnswers:
    """subscribe_msg_popup_event and subscribe_msg_change_event."""

    answers: tuple[SubscriptionAnswer, ...]

    @property
    def job(self) -> str:
        return " ".join(answer.template for answer in self.answers)


@dataclass(frozen=True, slots=True)
class SubscriptionNotice:
    """What became of the subscription message `job`; `errcode` is 0 where it arrived."""

    template: str
    job: str
    errcode: int
    status: str


@dataclass(frozen=True, slots=True)
class SubscriptionsSent:
    """subscribe_msg_sent_event."""

    notices: tuple[SubscriptionNotice, ...]

    @property
    def job(self) -> str:
        return " ".join(notice.job for notice in self.notices)


News = TemplateSent | MassSent | Published | SubscriptionAnswers | SubscriptionsSent
"""`job` tells two events of one kind, person and second apart."""


class _Read(Protocol):
    def __call__(self, root: Element) -> News: ...


def read_news(event: str, root: Element) -> News | None:
    """Return what an event of the platform's own says, or None for any other event; never raises."""
    read = _READERS.get(event)
    return read(root) if read else None


def _template_sent(root: Element) -> News:
    return TemplateSent(_job(root), _text(root, "Status"))


def _mass_sent(root: Element) -> News:
    items = root.findall("ArticleUrlResult/ResultList/item")
    return MassSent(
        _job(root),
        _text(root, "Status"),
        total=_whole(root, "TotalCount", 0),
        filtered=_whole(root, "FilterCount", 0),
        sent=_whole(root, "SentCount", 0),
        failed=_whole(root, "ErrorCount", 0),
        articles=tuple(_article(item, "ArticleIdx", "ArticleUrl") for item in items),
    )


def _published(root: Element) -> News:
    told = root.find("PublishEventInfo")
    told = root if told is None else told
    items = told.findall("article_detail/item")
    return Published(
        _text(told, "publish_id"),
        _whole(told, "publish_status", -1),
        _text(told, "article_id"),
        tuple(_article(item, "idx", "article_url") for item in items),
        tuple(int(place) for fail in told.findall("fail_idx") if _WHOLE.fullmatch(place := (fail.text or "").strip())),
    )


def _answers(root: Element) -> News:
    # The platform's own example of a change bears the other event's tag.
    lists = [*root.findall("SubscribeMsgPopupEvent/List"), *root.findall("SubscribeMsgChangeEvent/List")]
    answers = (
        SubscriptionAnswer(
            _text(one, "TemplateId"), _text(one, "SubscribeStatusString") == "accept", _text(one, "PopupScene")
        )
        for one in lists
    )
    return SubscriptionAnswers(tuple(answer for answer in answers if answer.template))


def _sent(root: Element) -> News:
    notices = (
        SubscriptionNotice(_text(one, "TemplateId"), _job(one), _whole(one, "ErrorCode", 0), _text(one, "ErrorStatus"))
        for one in root.findall("SubscribeMsgSentEvent/List")
    )
    return SubscriptionsSent(tuple(notice for notice in notices if notice.template))


_READERS: Mapping[str, _Read] = {
    "TEMPLATESENDJOBFINISH": _template_sent,
    "MASSSENDJOBFINISH": _mass_sent,
    "PUBLISHJOBFINISH": _published,
    "subscribe_msg_popup_event": _answers,
    "subscribe_msg_change_event": _answers,
    "subscribe_msg_sent_event": _sent,
}
NEWS_EVENTS = frozenset(_READERS)


def _article(item: Element, place: str, url: str) -> PublishedArticle:
    return PublishedArticle(_whole(item, place, 0), _text(item, url))


def _job(root: Element) -> str:
    return _text(root, "MsgID") or _text(root, "MsgId")


def _whole(root: Element, name: str, otherwise: int) -> int:
    text = _text(root, name)
    return int(text) if _WHOLE.fullmatch(text) else otherwise


def _text(root: Element, name: str) -> str:
    return (root.findtext(name) or "").strip()
