"""One message to whoever allowed one: asked on the platform's page, answered once, sent once, then forgotten."""

from urllib.parse import parse_qs, quote, urlsplit

import pytest
from sqlalchemy import select

from foundation.errors import InvalidInput
from foundation.transaction import transaction
from tests.wechat.sending.conftest import Platform
from wechat.errors import NotPermitted, RecipientRefused, Unreachable
from wechat.personal_data import forget_voter
from wechat.sending.models import OnceConsent
from wechat.sending.once import Consent, OnceMailing, ask_once, consents_of, find_consents, take_answer, use_up

SEND = "message/template/subscribe"
NOTICE = ("公示提醒", "十佳公示已经发布")


def answer(platform: Platform, person: str, address: str, decision: str = "allow") -> str:
    """Answer the platform's question on a person's phone; returns the address their browser is sent back to."""
    browser = platform.world.browser
    browser.post(f"{platform.world.platform}/phone/{person}/pick", data={"next": "/"}, allow_redirects=False, timeout=5)
    asked = browser.post(address.partition("#")[0], data={"decision": decision}, allow_redirects=False, timeout=5)
    assert asked.status_code == 303, asked.text
    return str(asked.headers["Location"])


def consent_of(number: int) -> Consent:
    with transaction() as session:
        return find_consents(session, [number])[number]


def spend(number: int) -> None:
    with transaction() as session:
        use_up(session, [number])


def mailing() -> OnceMailing:
    return OnceMailing(*NOTICE, "http://vote.example/notices/7", 100)


def ask(template: str) -> str:
    return ask_once("notice-7", template, 7, "/notices/7")


def test_a_reader_who_does_not_follow_allows_one_message_and_gets_it(platform: Platform) -> None:
    template = platform.template("内容：{{content.DATA}}", "once")
    back = answer(platform, "wu", ask(template))
    assert back.startswith(f"{platform.world.site}/wechat/once/return?")
    landed = platform.world.go(back)
    assert (landed.status_code, landed.headers["Location"]) == (303, "/notices/7")
    [consent] = consents_of("notice-7")
    mailing().send(consent_of(consent), tried_before=False)
    spend(consent)
    [line] = platform.seen("wu", "once")
    assert (line["notice"]["title"], line["notice"]["rows"]) == ("公示提醒", [["内容", "十佳公示已经发布"]])
    assert (consents_of("notice-7"), platform.asked(SEND)) == ((), 1)


def test_the_address_is_written_as_the_platform_wants_it(platform: Platform) -> None:
    address = ask("TEMPLATE")
    parts, account = urlsplit(address), platform.world.app.extensions["wechat_account"]
    query = parse_qs(parts.query)
    assert (f"{parts.scheme}://{parts.netloc}{parts.path}", parts.fragment) == (
        f"{platform.world.platform}/mp/mp/subscribemsg", "wechat_redirect"
    )  # fmt: skip
    assert len(query.pop("reserved")[0]) == 32
    assert query == {
        "action": ["get_confirm"],
        "appid": [account.settings.wechat_appid],
        "scene": ["7"],
        "template_id": ["TEMPLATE"],
        "redirect_url": [f"{platform.world.site}/wechat/once/return"],
    }
    assert quote(f"{platform.world.site}/wechat/once/return", safe="") in parts.query


def test_who_says_no_leaves_nothing_behind(platform: Platform) -> None:
    template = platform.template("内容：{{content.DATA}}", "once")
    back = answer(platform, "jia", ask(template), "deny")
    assert platform.world.go(back).headers["Location"] == "/notices/7"
    with transaction() as session:
        assert session.scalars(select(OnceConsent.id)).all() == []


def test_an_answer_is_taken_once_and_only_to_a_question_of_ours(platform: Platform) -> None:
    reserved = parse_qs(urlsplit(ask("T")).query)["reserved"][0]
    told = {"openid": "oSomebody", "template_id": "T", "action": "confirm", "scene": "7", "reserved": reserved}
    assert not take_answer({**told, "reserved": "invented"}).accepted
    assert take_answer(told).accepted
    again = take_answer({**told, "openid": "oSomebodyElse"})
    assert (again.path, again.accepted, len(consents_of("notice-7"))) == ("/", False, 1)


@pytest.mark.parametrize("change", [{"template_id": "U"}, {"scene": "8"}, {"openid": "a b"}, {"openid": ""}])
def test_an_answer_to_something_else_is_none(platform: Platform, change: dict[str, str]) -> None:
    reserved = parse_qs(urlsplit(ask("T")).query)["reserved"][0]
    told = {"openid": "oSomebody", "template_id": "T", "action": "confirm", "scene": "7", "reserved": reserved}
    assert not take_answer(told | change).accepted
    assert consents_of("notice-7") == ()


def test_a_question_is_good_for_an_hour(platform: Platform) -> None:
    reserved = parse_qs(urlsplit(ask("T")).query)["reserved"][0]
    platform.later(hours=1)
    told = {"openid": "oSomebody", "template_id": "T", "action": "confirm", "scene": "7", "reserved": reserved}
    assert not take_answer(told).accepted


def test_the_answer_signs_nobody_in_and_leads_nowhere_else(platform: Platform) -> None:
    template = platform.template("内容：{{content.DATA}}", "once")
    back = answer(platform, "jia", ask_once("notice-7", template, 7, "https://elsewhere.example/"))
    landed = platform.world.go(back)
    assert (landed.headers["Location"], "Set-Cookie" in landed.headers) == ("/", False)


def test_an_answer_that_was_lost_brings_no_second_message(platform: Platform) -> None:
    template = platform.template("内容：{{content.DATA}}", "once")
    platform.world.go(answer(platform, "jia", ask(template)))
    [number] = consents_of("notice-7")
    platform.fault("reset_after", SEND)
    with pytest.raises(Unreachable):
        mailing().send(consent_of(number), tried_before=False)
    mailing().send(consent_of(number), tried_before=True)
    assert (len(platform.seen("jia", "once")), platform.asked(SEND)) == (1, 2)


def test_who_allowed_the_same_twice_allowed_one_message(platform: Platform) -> None:
    template = platform.template("内容：{{content.DATA}}", "once")
    for _ in range(2):
        platform.world.go(answer(platform, "jia", ask(template)))
    first, second = consents_of("notice-7")
    mailing().send(consent_of(first), tried_before=False)
    with pytest.raises(RecipientRefused):
        mailing().send(consent_of(second), tried_before=False)
    spend(first)
    assert consents_of("notice-7") == ()
    platform.world.go(answer(platform, "jia", ask(template)))
    [third] = consents_of("notice-7")
    mailing().send(consent_of(third), tried_before=False)
    assert len(platform.seen("jia", "once")) == 2


def test_who_has_everything_deleted_gets_nothing(platform: Platform) -> None:
    template = platform.template("内容：{{content.DATA}}", "once")
    platform.world.go(answer(platform, "jia", ask(template)))
    [number] = consents_of("notice-7")
    forget_voter(platform.openid("jia"))
    with transaction() as session:
        assert find_consents(session, [number]) == {}


@pytest.mark.parametrize(
    ("title", "content", "field"),
    [("", "内容", "title"), ("示" * 16, "内容", "title"), ("标题", "", "content"), ("标题", "示" * 201, "content")],
)
def test_title_and_content_have_their_limits(platform: Platform, title: str, content: str, field: str) -> None:
    with pytest.raises(InvalidInput) as error:
        OnceMailing(title, content, "", 100)
    assert error.value.field == field


@pytest.mark.parametrize("scene", [-1, 10_001])
def test_a_scene_has_its_bounds(platform: Platform, scene: int) -> None:
    with pytest.raises(InvalidInput):
        ask_once("notice-7", "T", scene, "/")
    assert platform.asked(SEND) == 0


def test_an_account_without_the_right_asks_nobody(platform: Platform) -> None:
    platform.become("sub-unverified")
    with pytest.raises(NotPermitted, match="在网站上公布"):
        ask("T")
