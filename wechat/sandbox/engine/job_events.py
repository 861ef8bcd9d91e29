"""The events by which the platform tells how a sending or publishing job ended."""

from collections.abc import Iterable

from wechat.sandbox.clock import PlatformClock
from wechat.sandbox.config import SandboxConfig
from wechat.sandbox.engine.messages import Field, Incoming, event
from wechat.sandbox.identifiers import openid_of
from wechat.sandbox.state.articles import Publication
from wechat.sandbox.state.mass import MassJob


def template_finished(
    config: SandboxConfig, clock: PlatformClock, openid: str, msg_id: int, status: str = "success"
) -> Incoming:
    return event(config, clock, openid, "TEMPLATESENDJOBFINISH", None, (("MsgID", msg_id), ("Status", status)))


def mass_finished(config: SandboxConfig, clock: PlatformClock, job: MassJob) -> Incoming:
    """MASSSENDJOBFINISH; of articles it names where each stands."""
    counts: tuple[Field, ...] = (
        ("MsgID", job.msg_id),
        ("Status", job.status),
        ("TotalCount", job.total),
        ("FilterCount", job.sent),
        ("SentCount", job.sent),
        ("ErrorCount", 0),
        ("CopyrightCheckResult", (("Count", 0), ("ResultList", ""), ("CheckState", 2))),
        _article_urls([article.url for article in job.content.articles]),
    )
    return event(config, clock, _assistant(config), "MASSSENDJOBFINISH", None, counts)


def publication_finished(config: SandboxConfig, clock: PlatformClock, publication: Publication) -> Incoming:
    """PUBLISHJOBFINISH, or on an account that is set so the event of mass sending."""
    urls = [article.url for article in publication.bundle.articles]
    if config.publish_event == "MASSSENDJOBFINISH":
        told: tuple[Field, ...] = (("MsgID", int(publication.publish_id)), ("Status", _word(publication.status)))
        told += (("TotalCount", 0), ("FilterCount", 0), ("SentCount", 0), ("ErrorCount", 0), _article_urls(urls))
        return event(config, clock, _assistant(config), "MASSSENDJOBFINISH", None, told)
    info: tuple[Field, ...] = (
        ("publish_id", int(publication.publish_id)),
        ("publish_status", publication.status),
    )
    if publication.status == 0:
        items = tuple(("item", (("idx", place), ("article_url", url))) for place, url in enumerate(urls, 1))
        info += (("article_id", publication.article_id), ("article_detail", (("count", len(urls)), *items)))
    else:
        info += (("fail_idx", 1),)
    return event(config, clock, _assistant(config), "PUBLISHJOBFINISH", None, (("PublishEventInfo", info),))


def subscription_changed(
    config: SandboxConfig, clock: PlatformClock, openid: str, name: str, answers: Iterable[tuple[str, str]]
) -> Incoming:
    """subscribe_msg_popup_event or subscribe_msg_change_event with an answer (accept, reject) per template."""
    popup = name == "subscribe_msg_popup_event"
    lists = tuple(
        (
            "List",
            (
                ("TemplateId", template_id),
                ("SubscribeStatusString", answer),
                *((("PopupScene", "1"),) if popup else ()),
            ),
        )
        for template_id, answer in answers
    )
    holder = "SubscribeMsgPopupEvent" if popup else "SubscribeMsgChangeEvent"
    return event(config, clock, openid, name, None, ((holder, lists),))


def subscription_sent(
    config: SandboxConfig, clock: PlatformClock, openid: str, template_id: str, msg_id: int
) -> Incoming:
    told = (("TemplateId", template_id), ("MsgID", str(msg_id)), ("ErrorCode", 0), ("ErrorStatus", "success"))
    return event(
        config, clock, openid, "subscribe_msg_sent_event", None, (("SubscribeMsgSentEvent", (("List", told),)),)
    )


def _article_urls(urls: list[str]) -> Field:
    items = tuple(("item", (("ArticleIdx", place), ("ArticleUrl", url))) for place, url in enumerate(urls, 1))
    return "ArticleUrlResult", (("Count", len(urls)), ("ResultList", items or ""))


def _assistant(config: SandboxConfig) -> str:
    return openid_of(config.appid, "mphelper")


def _word(status: int) -> str:
    return "send success" if status == 0 else "send fail"
