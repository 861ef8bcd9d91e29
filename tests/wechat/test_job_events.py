"""What the platform tells of its own accord is read alike however it is spelt, and told once to whoever listens."""

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from foundation.errors import Conflict
from tests.wechat.factories_wechat import NOW, OPENID_B, Platform, event_xml
from wechat.inbox import Push, register_job_listener
from wechat.job_events import (
    NEWS_EVENTS,
    MassSent,
    News,
    Published,
    PublishedArticle,
    SubscriptionAnswer,
    SubscriptionAnswers,
    SubscriptionNotice,
    SubscriptionsSent,
    TemplateSent,
)
from wechat.messages import parse_xml, read_push

COUNTS = "<TotalCount>5</TotalCount><FilterCount>4</FilterCount><SentCount>3</SentCount><ErrorCount>1</ErrorCount>"
MASS, PUBLISHED = "MASSSENDJOBFINISH", "PUBLISHJOBFINISH"


def news(event: str, more: str) -> News | None:
    return read_push(parse_xml(event_xml(event, more=more).encode())).news


def element(name: str, *content: object) -> str:
    return f"<{name}>{''.join(map(str, content))}</{name}>"


def mass(status: str, *articles: PublishedArticle) -> MassSent:
    return MassSent("1000001625", status, total=5, filtered=4, sent=3, failed=1, articles=articles)


def article(place: int) -> PublishedArticle:
    return PublishedArticle(place, f"http://mp.example/{place}")


def listed(place: int, names: tuple[str, str] = ("ArticleIdx", "ArticleUrl")) -> str:
    return element("item", element(names[0], place), element(names[1], article(place).url))


@pytest.mark.parametrize("number", ["MsgID", "MsgId"])
@pytest.mark.parametrize("status", ["success", "failed:user block", "failed: system failed"])
def test_a_template_message_that_ended(number: str, status: str) -> None:
    told = news("TEMPLATESENDJOBFINISH", element(number, 200163836) + element("Status", status))
    assert isinstance(told, TemplateSent)
    assert (told, told.arrived) == (TemplateSent("200163836", status), status == "success")


@pytest.mark.parametrize("number", ["MsgID", "MsgId"])
@pytest.mark.parametrize("places", [(), (1,), (1, 2)])
def test_a_mass_message_that_ended(number: str, places: tuple[int, ...]) -> None:
    urls = element("ArticleUrlResult", element("ResultList", *map(listed, places)))
    told = news(MASS, element(number, 1000001625) + element("Status", "send success") + COUNTS + urls)
    assert told == mass("send success", *map(article, places))


@pytest.mark.parametrize("lists", ["", "<ArticleUrlResult/>", "<ArticleUrlResult><ResultList/></ArticleUrlResult>"])
def test_a_mass_message_without_lists_or_counts(lists: str) -> None:
    told = news(MASS, element("MsgID", 7) + element("Status", "err(20431)") + lists)
    assert told == MassSent("7", "err(20431)", total=0, filtered=0, sent=0, failed=0, articles=())


@pytest.mark.parametrize("places", [(1,), (1, 2)])
def test_a_publication_that_is_out(places: tuple[int, ...]) -> None:
    items = [listed(place, ("idx", "article_url")) for place in places]
    detail = element("article_detail", element("count", len(places)), *items)
    done = element("publish_id", 2247) + element("publish_status", 0) + element("article_id", "b5O") + detail
    told = news(PUBLISHED, element("PublishEventInfo", done))
    assert isinstance(told, Published)
    assert (told, told.succeeded) == (Published("2247", 0, "b5O", tuple(map(article, places)), ()), True)


@pytest.mark.parametrize("places", [(), (1,), (1, 3)])
def test_a_publication_that_was_refused(places: tuple[int, ...]) -> None:
    fails = [element("fail_idx", place) for place in places]
    told = news(
        PUBLISHED, element("PublishEventInfo", element("publish_id", 2247), element("publish_status", 4), *fails)
    )
    assert isinstance(told, Published)
    assert (told, told.succeeded) == (Published("2247", 4, "", (), places), False)


def test_a_publication_of_which_nothing_is_said_did_not_succeed() -> None:
    told = news(PUBLISHED, "")
    assert isinstance(told, Published)
    assert (told, told.succeeded) == (Published("", -1, "", (), ()), False)


@pytest.mark.parametrize("event", ["subscribe_msg_popup_event", "subscribe_msg_change_event"])
@pytest.mark.parametrize("tag", ["SubscribeMsgPopupEvent", "SubscribeMsgChangeEvent"])
@pytest.mark.parametrize("templates", ["", "A", "AB"])
def test_what_people_said_to_subscriptions(event: str, tag: str, templates: str) -> None:
    lists = [
        element("List", element("TemplateId", name), element("SubscribeStatusString", word), element("PopupScene", 2))
        for name, word in zip(templates, ("accept", "reject"), strict=False)
    ]
    answers = [SubscriptionAnswer(name, accepted=name == "A", place="2") for name in templates]
    assert news(event, element(tag, *lists or ["<List/>"])) == SubscriptionAnswers(tuple(answers))


def test_what_became_of_subscription_messages() -> None:
    sent = element("TemplateId", "A") + element("MsgID", 1700) + element("ErrorCode", 43101)
    more = element("SubscribeMsgSentEvent", element("List", sent, element("ErrorStatus", "refused")))
    told = news("subscribe_msg_sent_event", more)
    assert told == SubscriptionsSent((SubscriptionNotice("A", "1700", 43101, "refused"),))


def test_the_spelling_of_the_number_makes_no_job_of_another_event() -> None:
    assert news("CLICK", "<MsgID>1</MsgID><Status>success</Status>") is None


@pytest.mark.parametrize("status", ["send success", "send fail", "err(10001)", ""])
def test_any_other_word_than_success_is_a_failure(status: str) -> None:
    assert mass(status).succeeded is (status == "send success")


@given(event=st.sampled_from(sorted(NEWS_EVENTS)), more=st.text("<>/&; abMsgIDStatuListem019\n", max_size=80))
def test_no_shape_of_such_an_event_is_too_odd_to_be_read(event: str, more: str) -> None:
    escaped = more.replace("&", "&amp;").replace("<", "&lt;")
    told = news(event, f"<MsgID>{escaped}</MsgID><PublishEventInfo>{escaped}<article_detail/></PublishEventInfo>")
    assert told is not None


def test_every_listener_is_told_once_and_says_nothing(
    platform: Platform, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[News | None] = []
    monkeypatch.setitem(app.extensions["wechat_handlers"].listeners, "TEMPLATESENDJOBFINISH", [])
    for _ in range(2):
        register_job_listener(app, "TEMPLATESENDJOBFINISH", lambda push: told.append(push.news))
    events = [
        event_xml("TEMPLATESENDJOBFINISH", openid=OPENID_B, more=f"<MsgID>{job}</MsgID><Status>success</Status>")
        for job in (1, 2, 1)
    ]
    assert {platform.clear(xml).text for xml in events} == {"success"}
    assert told == [TemplateSent(job, "success") for job in ("1", "1", "2", "2")]


def test_what_a_listener_refuses_is_not_said_to_the_platform(
    platform: Platform, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(push: Push) -> None:
        raise Conflict("没有这项任务。")

    monkeypatch.setitem(app.extensions["wechat_handlers"].listeners, "MASSSENDJOBFINISH", [refuse])
    response = platform.clear(event_xml("MASSSENDJOBFINISH", at=NOW, more="<MsgID>1</MsgID><Status>err(1)</Status>"))
    assert (response.status_code, response.text) == (200, "success")
