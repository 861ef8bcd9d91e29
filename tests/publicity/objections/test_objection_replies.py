"""The word in the chat: one way in, signed in as whoever asks, to the form or to the notices that run."""

import re
from datetime import UTC, datetime

from flask import Flask

from publicity.objections.replies import OBJECT, answer_objecting
from tests.publicity.factories_notices import make_notice
from tests.publicity.factories_objections import OPENID
from tests.wechat.conftest import UseAccount, use_account
from tests.wechat.factories_wechat import NOW
from wechat.inbox import TextReply
from wechat.messages import Push

__all__ = ["use_account"]


def asked(word: str = OBJECT) -> str | None:
    at = datetime.fromtimestamp(NOW, UTC)
    reply = answer_objecting(Push("text", OPENID, "gh_0123456789ab", at, text=word))
    return reply.text if isinstance(reply, TextReply) else None


def test_other_words_are_left_to_others(app: Flask) -> None:
    assert asked("公示") is None


def test_without_a_running_notice_it_says_where_to_turn(app: Flask) -> None:
    told = asked()
    assert told is not None
    assert "12380" in told


def test_one_running_notice_is_opened_at_its_form(app: Flask) -> None:
    head = make_notice()
    told = asked()
    assert told is not None
    assert told.endswith(f"/wechat/login?next=/notices/{head.key}/objections")


def test_of_several_one_chooses_on_a_page(app: Flask) -> None:
    heads = [make_notice(), make_notice()]
    told = asked()
    assert told is not None
    assert told.endswith("/wechat/login?next=/objections")
    assert told.count(heads[0].title) == 2


def test_an_account_without_sign_in_gives_a_personal_link_that_makes_the_reader_known(
    app: Flask, use_account: UseAccount
) -> None:
    use_account(at=datetime.now(UTC).timestamp(), wechat_capabilities="sub-unverified")
    head = make_notice()
    told = asked()
    assert told is not None
    assert "10分钟内有效，只限您本人" in told
    (token,) = re.findall(r"/v/(\w+)", told)
    phone = app.test_client()
    phone.get(f"/v/{token}")
    let_in = phone.post(f"/v/{token}", headers={"Origin": app.config["SETTINGS"].public_url})

    assert (let_in.status_code, let_in.location) == (303, f"/notices/{head.key}/objections")
    assert "已确认您的微信身份" in phone.get(let_in.location).text
