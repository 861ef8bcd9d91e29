"""The callback believes the platform and nobody else, in every mode, and answers in the envelope it was asked in."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from foundation.transaction import transaction
from tests.wechat.conftest import UseAccount
from tests.wechat.factories_wechat import (
    AES_KEY,
    NOW,
    OPENID_A,
    ORIGINAL_ID,
    PREVIOUS_AES_KEY,
    Platform,
    event_xml,
    fields_of,
    signature,
    text_xml,
)
from wechat.inbox import Handler, Push, TextReply
from wechat.models import AnsweredPush

TOKEN = "voteToken2026"
ECHO = "echo<b>&1"
QUERY = {
    "signature": "e4bbbd63b5b9ac12b0d8b028ed17b6cb45b3cf58",
    "timestamp": str(NOW),
    "nonce": "n0nceV02",
    "echostr": ECHO,
}


def answered() -> int:
    with transaction() as session:
        return session.scalar(select(func.count()).select_from(AnsweredPush)) or 0


def say_hello(push: Push) -> TextReply:
    return TextReply(f"你好 {push.text}")


@pytest.mark.parametrize(
    ("token", "now", "query"),
    [
        (TOKEN, NOW, QUERY),
        (
            "AAAAA",
            1714036504,
            {
                "signature": "f464b24fc39322e44b38aa78f5edd27bd1441696",
                "echostr": "4375120948345356249",
                "timestamp": "1714036504",
                "nonce": "1514711492",
            },
        ),
    ],
)
def test_the_address_is_confirmed_with_the_very_echo(
    client: FlaskClient, use_account: UseAccount, token: str, now: int, query: dict[str, str]
) -> None:
    use_account(now, wechat_token=token)
    response = client.get("/wechat/callback", query_string=query)
    assert (response.status_code, response.text) == (200, query["echostr"])
    assert response.content_type == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    "change",
    [
        {"signature": "e4bbbd63b5b9ac12b0d8b028ed17b6cb45b3cf50"},
        {"signature": "E4BBBD63B5B9AC12B0D8B028ED17B6CB45B3CF58"},
        {"signature": ""},
        {"signature": "签名"},
        {"nonce": "n0nceV03"},
        {"timestamp": str(NOW + 1)},
    ],
)
def test_a_changed_confirmation_is_refused(
    client: FlaskClient, use_account: UseAccount, change: dict[str, str]
) -> None:
    use_account(wechat_token=TOKEN)
    response = client.get("/wechat/callback", query_string={**QUERY, **change})
    assert (response.status_code, response.text) == (403, "")


@pytest.mark.parametrize("missing", ["signature", "timestamp", "nonce"])
def test_a_confirmation_with_a_hole_is_refused(client: FlaskClient, use_account: UseAccount, missing: str) -> None:
    use_account(wechat_token=TOKEN)
    query = {name: value for name, value in QUERY.items() if name != missing}
    assert client.get("/wechat/callback", query_string=query).status_code == 403


def test_without_a_token_nothing_is_believed(client: FlaskClient, use_account: UseAccount) -> None:
    account = use_account(wechat_token="")
    query = {"signature": signature("", str(NOW), "1"), "timestamp": str(NOW), "nonce": "1", "echostr": "1"}
    assert client.get("/wechat/callback", query_string=query).status_code == 403
    assert Platform(client, account).sealed(text_xml("投票")).status_code == 403


@pytest.mark.parametrize(("difference", "status"), [(-301, 403), (-300, 200), (300, 200), (301, 403)])
@pytest.mark.parametrize("mode", ["clear", "sealed"])
def test_only_the_last_and_next_five_minutes_count(platform: Platform, difference: int, status: int, mode: str) -> None:
    platform.now = NOW + difference
    response = platform.clear(text_xml("投票")) if mode == "clear" else platform.sealed(text_xml("投票"))
    assert (response.status_code, answered()) == (status, 1 if status == 200 else 0)


@pytest.mark.parametrize("timestamp", ["", "now", "1e9", "-1", "１７６７２２５６００", "9" * 400])
def test_a_time_that_is_none_is_refused(platform: Platform, timestamp: str) -> None:
    signed = signature(platform.account.token, timestamp, "1")
    response = platform.clear(text_xml("投票"), timestamp=timestamp, nonce="1", signature=signed)
    assert (response.status_code, answered()) == (403, 0)


def test_a_message_in_clear_is_answered_in_clear(platform: Platform, handlers: list[Handler]) -> None:
    handlers.append(say_hello)
    response = platform.clear(text_xml("投票"))
    assert response.content_type == "application/xml; charset=utf-8"
    assert fields_of(response.text) == {
        "ToUserName": OPENID_A,
        "FromUserName": ORIGINAL_ID,
        "CreateTime": str(NOW),
        "MsgType": "text",
        "Content": "你好 投票",
    }


@pytest.mark.parametrize("mode", ["plain", "compat", "safe"])
def test_an_encrypted_message_is_answered_encrypted(
    platform: Platform, handlers: list[Handler], use_account: UseAccount, mode: str
) -> None:
    handlers.append(say_hello)
    platform.account = use_account(wechat_message_mode=mode)
    response = platform.sealed(text_xml("投票 3"))
    assert set(fields_of(response.text)) == {"Encrypt", "MsgSignature", "TimeStamp", "Nonce"}
    assert OPENID_A not in response.text
    assert fields_of(platform.opened(response))["Content"] == "你好 投票 3"


def test_in_compat_mode_the_encrypted_message_counts_and_not_the_clear_one_beside_it(
    platform: Platform, handlers: list[Handler], use_account: UseAccount
) -> None:
    handlers.append(say_hello)
    platform.account = use_account(wechat_message_mode="compat")
    response = platform.sealed(text_xml("真"), beside="<Content>假</Content><MsgType>text</MsgType>")
    assert fields_of(platform.opened(response))["Content"] == "你好 真"
    assert fields_of(platform.clear(text_xml("明")).text)["Content"] == "你好 明"


def test_in_compat_mode_nobody_passes_the_clear_message_off_as_all_there_is(
    platform: Platform, handlers: list[Handler], use_account: UseAccount
) -> None:
    handlers.append(say_hello)
    platform.account = use_account(wechat_message_mode="compat")
    beside = text_xml("假").removeprefix("<xml>").removesuffix("</xml>")
    response = platform.sealed(text_xml("真"), beside=beside, encrypt_type="raw")
    assert (response.status_code, answered()) == (403, 0)


def test_the_key_that_decrypted_is_the_key_that_answers(
    platform: Platform, handlers: list[Handler], use_account: UseAccount
) -> None:
    handlers.append(say_hello)
    platform.account = use_account(wechat_previous_aes_key=PREVIOUS_AES_KEY)
    old = platform.sealed(text_xml("旧"), aes_key=PREVIOUS_AES_KEY)
    new = platform.sealed(text_xml("新"))
    assert fields_of(platform.opened(old, PREVIOUS_AES_KEY))["Content"] == "你好 旧"
    assert fields_of(platform.opened(new, AES_KEY))["Content"] == "你好 新"


def test_an_unknown_key_is_refused(platform: Platform, use_account: UseAccount) -> None:
    platform.account = use_account()
    assert platform.sealed(text_xml("投票"), aes_key=PREVIOUS_AES_KEY).status_code == 403


class TestSafeMode:
    @pytest.fixture(autouse=True)
    def _safe(self, platform: Platform, use_account: UseAccount) -> None:
        platform.account = use_account(wechat_message_mode="safe")

    @pytest.mark.parametrize("query", [{}, {"encrypt_type": "raw"}, {"encrypt_type": ""}, {"encrypt_type": "AES"}])
    def test_clear_text_is_refused_however_it_is_signed(self, platform: Platform, query: dict[str, str]) -> None:
        xml = text_xml("投票")
        signed = signature(platform.account.token, str(NOW), "1", xml)
        response = platform.clear(xml, nonce="1", msg_signature=signed, **query)
        assert (response.status_code, answered()) == (403, 0)

    def test_clear_text_that_calls_itself_encrypted_is_refused(self, platform: Platform) -> None:
        signed = signature(platform.account.token, str(NOW), "1", "")
        response = platform.clear(text_xml("投票"), nonce="1", encrypt_type="aes", msg_signature=signed)
        assert (response.status_code, answered()) == (403, 0)

    @pytest.mark.parametrize("signed", ["", "0" * 40])
    def test_the_plain_signature_does_not_stand_in_for_the_other(self, platform: Platform, signed: str) -> None:
        response = platform.sealed(text_xml("投票"), msg_signature=signed)
        assert (response.status_code, answered()) == (403, 0)

    def test_the_plain_signature_is_not_needed(self, platform: Platform) -> None:
        response = platform.sealed(text_xml("投票"), signature="0" * 40)
        assert (response.status_code, answered()) == (200, 1)

    @pytest.mark.parametrize("encrypted", ["", "AAAA", "?", "QUJD" * 8, "A" * 64])
    def test_what_is_signed_and_no_ciphertext_is_refused(self, platform: Platform, encrypted: str) -> None:
        response = platform.sealed_as(encrypted)
        assert (response.status_code, answered()) == (403, 0)


@pytest.mark.parametrize(
    ("nonce", "signed", "encrypted", "status"),
    [
        pytest.param(
            "n0nceE03",
            "f4b3f35b8d7bb8e4f5e9933fc4232533d6c7f8ff",
            "Q3stYC6hdFzMh9T8HCvyDDN2GmpDSDx4IFlkR91d2k+IwE0yD41moHDX6v7V50D2PicQp4BiMtj2mDsb/1LqcAGy6PaNBK2zcqCVD/uG"
            "tfcE98ncd2Ggk2IiZcD6alOABIMlMdKLRJLPU1jCeFYLEu9F/4ovs/KLCqhoFpwbcXi1iR2hQIvFZcLpBkTjXN1h1ZXcHjatlKV+mGk6"
            "+PEvaNGgAhNS/jdv8fj8vPv4GFqaC3EtQ75dCLvDg6cqxCokf8BZNcXpNQJg0wKvWvLYFBbMzUlUW1aWISGJIzeOIeQ0p/zDq38cuhKt"
            "ojLc+RKoqSddxJj0Eviqo6vPlsVN4ZAzqeyQFF2bFqFg1eLWbe039H0U77cQ66O8O5bw5dfr8TP1BbFWSjdzHOm0KnrAQhJiGACJp46i"
            "IZ+lN18AT0k=",
            200,
            id="a key with spare bits set",
        ),
        pytest.param(
            "n0nceE05",
            "9ca976469a60d1dbbb10b159470a65b4d9ce6565",
            "Q3stYC6hdFzMh9T8HCvyDDN2GmpDSDx4IFlkR91d2k+IwE0yD41moHDX6v7V50D2PicQp4BiMtj2mDsb/1LqcAGy6PaNBK2zcqCVD/uG"
            "tfcE98ncd2Ggk2IiZcD6alOABIMlMdKLRJLPU1jCeFYLEu9F/4ovs/KLCqhoFpwbcXi1iR2hQIvFZcLpBkTjXN1h1ZXcHjatlKV+mGk6"
            "+PEvaNGgAhNS/jdv8fj8vPv4GFqaC3EtQ75dCLvDg6cqxCokf8BZNcXpNQJg0wKvWvLYFBbMzUlUW1aWISGJIzeOIeQ0p/zDq38cuhKt"
            "ojLc+RKoqSddxJj0Eviqo6vPlsVN4ZAzqeyQFF2bFqFg1eLWbe039H0U77cQ66O8O5bw5dfra+KV6kPYPzAD7klQ+LpHMw2d5eij7w1E"
            "vO4b/BCYkYo=",
            403,
            id="another account's name inside",
        ),
        pytest.param(
            "n0nceE09",
            "7fa037a68fd4b8ab812403fca53d91c5f17aa6e0",
            "Q3stYC6hdFzMh9T8HCvyDDN2GmpDSDx4IFlkR91d2k+IwE0yD41moHDX6v7V50D2PicQp4BiMtj2mDsb/1LqcAGy6PaNBK2zcqCVD/uG"
            "tfcE98ncd2Ggk2IiZcD6alOABIMlMdKLRJLPU1jCeFYLEu9F/4ovs/KLCqhoFpwbcXi1iR2hQIvFZcLpBkTjXN1h1ZXcHjatlKV+mGk6"
            "+PEvaNGgAhNS/jdv8fj8vPv4GFqaC3EtQ75dCLvDg6cqxCokf8BZNcXpNQJg0wKvWvLYFBbMzUlUW1aWISGJIzeOIeQ0p/zDq38cuhKt"
            "ojLc+RKoqSddxJj0Eviqo6vPlsVN4ZAzqeyQFF2bFqFg1eLWbe039H0U77cQ66O8O5bw5dfr8TP1BbFWSjdzHOm0KnrAQhJiGACJp46i"
            "IQ==",
            403,
            id="a length that is no multiple of 16",
        ),
    ],
)
def test_ciphertexts_made_elsewhere(
    *, platform: Platform, use_account: UseAccount, nonce: str, signed: str, encrypted: str, status: int
) -> None:
    platform.account = use_account(wechat_token=TOKEN)
    response = platform.sealed_as(encrypted, nonce=nonce, msg_signature=signed)
    assert (response.status_code, answered()) == (status, 1 if status == 200 else 0)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<xml><ToUserName>",
        "<xml></xml>",
        "<xml>words</xml>",
        "<html></html>",
        "<xml><ToUserName><![CDATA[a]]></ToUserName></xml>",
        '{"MsgType":"text"}',
        "\x00\x01",
        '<?xml version="1.0" encoding="no-such-code"?><xml/>',
        '<?xml version="1.0" encoding="utf-16"?><xml/>',
        '<!DOCTYPE x [<!ENTITY e "boom">]>' + text_xml("x").replace("<![CDATA[x]]>", "&e;"),
        '<!DOCTYPE xml SYSTEM "http://127.0.0.1:1/x.dtd"><xml><MsgType>text</MsgType></xml>',
        "<!DOCTYPE xml>" + text_xml("投票"),
        text_xml("投票", at=-1),
        text_xml("投票", at=99_999_999_999),
        text_xml("投票", openid=""),
        text_xml("投票", openid="o" * 65),
        text_xml("投票", openid="<o>"),
        "<xml>" * 9_000,
    ],
)
@pytest.mark.parametrize("mode", ["clear", "sealed"])
def test_what_is_signed_and_no_message_has_no_effect(platform: Platform, body: str, mode: str) -> None:
    response = platform.clear(body) if mode == "clear" else platform.sealed(body)
    assert (response.status_code, response.text, answered()) == (400, "", 0)


def test_a_body_beyond_64_kibibytes_is_refused(platform: Platform) -> None:
    response = platform.clear(text_xml("投" * 30_000))
    assert (response.status_code, response.text, answered()) == (413, "", 0)


def test_a_body_that_does_not_say_how_long_it_is_is_read_no_further(platform: Platform) -> None:
    response = platform.client.post(
        "/wechat/callback",
        query_string=platform.signed(),
        data=text_xml("投" * 30_000),
        headers={"Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert (response.status_code, response.text, answered()) == (400, "", 0)


def test_a_body_of_just_that_size_is_read(platform: Platform) -> None:
    empty = len(text_xml("", number=1).encode())
    response = platform.clear(text_xml("a" * (64 * 1024 - empty), number=1))
    assert (response.status_code, answered()) == (200, 1)


@pytest.mark.parametrize(
    "xml",
    [
        event_xml("unheard_of", "1"),
        event_xml("VIEW", "http://vote.example/"),
        event_xml("LOCATION", more="<Latitude>35.2</Latitude>"),
        event_xml("view_miniprogram", "pages/index", more="<MenuId>1</MenuId>"),
        event_xml("scancode_push", "1", more="<ScanCodeInfo><ScanType>qrcode</ScanType></ScanCodeInfo>"),
        event_xml("unsubscribe", ""),
    ],
)
def test_an_event_that_nobody_answers_ends_with_success_and_a_line(platform: Platform, xml: str) -> None:
    with capture_logs() as lines:
        response = platform.clear(xml)
    assert (response.status_code, response.text) == (200, "success")
    assert [line["event"] for line in lines] == ["wechat_event_unanswered"]


def test_the_callback_is_found_with_a_slash_too(platform: Platform) -> None:
    response = platform.client.post("/wechat/callback/", query_string=platform.signed(), data=text_xml("投票"))
    assert response.status_code == 200


def test_no_line_of_the_log_names_anybody(
    platform: Platform, handlers: list[Handler], capfd: pytest.CaptureFixture[str]
) -> None:
    handlers.append(say_hello)
    for response in (
        platform.clear(text_xml("投票")),
        platform.clear(event_xml("subscribe", "qrscene_1")),
        platform.clear(event_xml("unheard_of", "1")),
        platform.clear("<xml>", nonce="x"),
        platform.clear("<xml>"),
        platform.sealed(text_xml("投票"), msg_signature="0"),
    ):
        assert response.status_code < 500
    written = capfd.readouterr()
    assert OPENID_A not in written.out + written.err
    assert platform.account.token not in written.out + written.err
    assert "signature=" not in written.out + written.err


def push_bodies() -> st.SearchStrategy[str]:
    """Bodies that are nearly pushes: the fields of one, some with anything in them, some twice, some not there."""
    likely = {
        "ToUserName": [ORIGINAL_ID],
        "FromUserName": [OPENID_A],
        "CreateTime": [str(NOW), "0"],
        "MsgType": ["text", "event", "image"],
        "Content": ["投票"],
        "MsgId": ["1", "9" * 30],
        "Event": ["subscribe", "unsubscribe", "CLICK", "SCAN", "VIEW"],
        "EventKey": ["", "qrscene_", "1"],
        "Encrypt": ["QUJD"],
    }
    fields = [_field(name, values) for name, values in likely.items()]
    return st.tuples(*fields).map(lambda parts: f"<xml>{''.join(parts)}</xml>")


def _field(name: str, likely: list[str]) -> st.SearchStrategy[str]:
    usual = st.sampled_from(likely).map(lambda value: f"<{name}><![CDATA[{value}]]></{name}>")
    odd = st.text(max_size=20).map(lambda value: f"<{name}>{value}</{name}>")
    return st.one_of(usual, usual, usual, odd, st.tuples(usual, odd).map("".join), st.just(""))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.one_of(push_bodies(), push_bodies(), st.binary(max_size=300)),
    mode=st.sampled_from(["clear", "sealed", "as"]),
)
def test_whatever_is_pushed_there_is_no_server_error(
    platform: Platform, app: Flask, body: bytes | str, mode: str
) -> None:
    assert _pushed(platform, body, mode).status_code in (200, 400, 403)


def _pushed(platform: Platform, body: bytes | str, mode: str) -> TestResponse:
    raw = body if isinstance(body, bytes) else body.encode("utf-8", "replace")
    if mode == "clear":
        return platform.clear(raw)
    text = raw.decode("utf-8", "replace")
    return platform.sealed(text) if mode == "sealed" else platform.sealed_as(text.replace("]]>", ""))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    query=st.dictionaries(
        st.sampled_from(["signature", "timestamp", "nonce", "msg_signature", "encrypt_type", "echostr", "openid"]),
        st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40),  # what an address can hold
    ),
    body=st.binary(max_size=60),
)
def test_whatever_is_asked_without_a_signature_is_refused(
    platform: Platform, query: dict[str, str], body: bytes
) -> None:
    statuses = (
        platform.client.get("/wechat/callback", query_string=query).status_code,
        platform.post(body, query).status_code,
    )
    assert statuses[0] == 403
    assert statuses[1] in (400, 403)
