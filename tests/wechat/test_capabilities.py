"""What the platform refuses is switched off with a word to those who can mend it, and on again by one of them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from config import PRESETS
from foundation.errors import NotFound
from foundation.transaction import transaction
from staff.roles import ROLE_NAMES, Role
from tests.conftest import DatabaseClock, make_settings
from tests.staff.factories_staff import Browser, actor_of, make_staff, recorded
from tests.statements import statements
from tests.wechat.conftest import UseAccount
from tests.wechat.sandbox.platform import Platform, running
from wechat.account import Account
from wechat.capabilities import Capabilities
from wechat.errors import Misconfigured, NotPermitted, QuotaReached
from wechat.followers import follows
from wechat.menu import publish_menu
from wechat.overview import describe_account
from wechat.rights import RIGHTS, right_of
from wechat.troubles import account_troubles, desk_items, try_again

BUTTONS = [{"type": "click", "name": "投票", "key": "投票"}]
SINCE = datetime(2026, 1, 1, 8, tzinfo=UTC)


@pytest.fixture
def sandbox() -> Iterator[Platform]:
    with running(capabilities="sub-unverified") as platform:
        yield platform


@pytest.fixture
def account(sandbox: Platform, use_account: UseAccount) -> Account:
    """An account whose operator believes that it is verified, which it is not."""
    return use_account(wechat_capabilities="sub-verified-gov", wechat_api_url=f"{sandbox.url}/api")


@pytest.fixture
def admin(app: Flask) -> Browser:
    return Browser(app).signed_in_as(make_staff("guanli", "示例管理", Role.ADMINISTRATOR))


def refuse_menu(account: Account) -> None:
    with pytest.raises(NotPermitted):
        account.client.create_menu(BUTTONS)


def test_every_preset_is_made_of_rights_that_have_a_name_and_a_fallback() -> None:
    assert set().union(*PRESETS.values()) == set(RIGHTS)
    assert all(right.instead and right.remedy for right in RIGHTS.values())


@pytest.mark.parametrize(
    ("path", "right"),
    [
        ("menu/create", "menu"),
        ("/cgi-bin/menu/get", "menu"),
        ("user/info/batchget", "users"),
        ("tags/members/batchtagging", "users"),
        ("message/custom/send", "customer_message"),
        ("message/mass/send", "mass_openid"),
        ("message/mass/sendall", "mass_tag"),
        ("message/mass/preview", "mass_tag"),
        ("message/template/send", "template"),
        ("message/template/subscribe", "once_subscription"),
        ("draft/add", "draft"),
        ("freepublish/submit", "draft"),
        ("media/uploadimg", "material"),
        ("material/add_material", "material"),
        ("qrcode/create", "scene_qr"),
        ("/sns/oauth2/access_token", "oauth"),
        ("stable_token", None),
        ("ticket/getticket", None),
        ("get_current_selfmenu_info", None),
        ("menus/else", None),
    ],
)
def test_each_call_takes_the_right_of_its_kind(path: str, right: str | None) -> None:
    found = right_of(path)
    assert (found.name if found else None) == right


def test_what_the_platform_refuses_is_off_for_every_process_and_kept(account: Account) -> None:
    others, elsewhere = Capabilities(account.settings), Capabilities(make_settings(wechat_appid="wxfedcba9876543210"))
    assert account.may("menu")
    refuse_menu(account)
    assert (account.may("menu"), account.may("users")) == (False, True)
    assert (others.has("menu"), others.has("users"), elsewhere.has("menu")) == (False, True, True)
    assert recorded() == [("system", "wechat.refused", "自定义菜单", "refused")]
    refuse_menu(account)
    assert len(recorded()) == 1


def test_a_refusal_outlives_the_transaction_in_which_it_came(account: Account) -> None:
    actor = actor_of(make_staff())
    with pytest.raises(NotPermitted):
        publish_menu(actor)
    assert not Capabilities(account.settings).has("menu")
    assert [entry[1:] for entry in recorded()] == [
        ("wechat.refused", "自定义菜单", "refused"),
        ("wechat.menu", "公众号菜单", "refused"),
    ]


def test_other_refusals_switch_nothing_off(account: Account, sandbox: Platform) -> None:
    sandbox.order("PATCH", "/accounts/-", capabilities="sub-verified-gov")
    sandbox.fault("errcode", path="/cgi-bin/menu/create", errcode=40018, errmsg="invalid button name size")
    with pytest.raises(Exception, match="微信没有接受这项内容"):
        account.client.create_menu(BUTTONS)
    assert account.may("menu")
    assert account_troubles() == ()


def test_a_call_that_takes_no_right_switches_nothing_off(account: Account, sandbox: Platform) -> None:
    sandbox.fault("errcode", path="/cgi-bin/ticket/getticket", errcode=48001, errmsg="api unauthorized")
    with pytest.raises(NotPermitted):
        account.client.jsapi_ticket()
    assert (recorded(), account_troubles()) == ([], ())


def test_an_account_without_the_right_to_ask_goes_by_what_it_was_told(account: Account, sandbox: Platform) -> None:
    openid = sandbox.openid("jia")
    assert [follows(openid), follows(openid)] == [None, None]
    assert sandbox.order("GET", "/calls")["counts"]["/cgi-bin/user/info"] == {"48001": 1}


def test_a_database_that_is_away_takes_no_right_and_gives_none(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_menu(account)

    def away(*_args: object, **_options: object) -> None:
        raise OperationalError("", None, Exception())

    monkeypatch.setattr("sqlalchemy.Engine.connect", away)
    account.capabilities.forget()
    with capture_logs() as lines:
        assert (account.may("menu"), account.may("users")) == (False, True)
    assert [line["event"] for line in lines] == ["wechat_refusals_unreadable"]


def test_a_refusal_that_cannot_be_kept_still_counts_here(account: Account) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch, capture_logs() as lines:
        monkeypatch.setattr("wechat.capabilities.record", _fail)
        refuse_menu(account)
    assert "wechat_refusal_not_kept" in [line["event"] for line in lines]
    assert not account.may("menu")
    account.capabilities.forget()
    assert account.may("menu")


def _fail(*_args: object, **_options: object) -> None:
    raise OperationalError("", None, Exception())


def test_asking_what_is_allowed_costs_a_reading_every_five_seconds(app: Flask) -> None:
    seconds = [100.0]
    capabilities = Capabilities(make_settings(), clock=lambda: seconds[0])
    with statements("refused_right") as asked:
        for _ in range(100):
            capabilities.has("menu")
        assert len(asked) == 1
        seconds[0] += 4.9
        capabilities.has("menu")
        assert len(asked) == 1
        seconds[0] += 0.1
        capabilities.has("menu")
        assert len(asked) == 2
        capabilities.has("scene_qr")
    assert len(asked) == 2


@pytest.mark.usefixtures("account")
def test_the_desk_says_what_is_refused_since_when_what_works_instead_and_what_to_click(
    app: Flask, account: Account, database_clock: DatabaseClock
) -> None:
    database_clock.set(SINCE)
    refuse_menu(account)
    with app.test_request_context():
        told = {
            role: [(item.kind, item.text, item.detail, item.button, item.href) for item in desk_items(actor)]
            for role in ROLE_NAMES
            for actor in [actor_of(make_staff(role, role.value, role, "示例县一" if role in OUTSIDE else None))]
        }
    item = (
        "due",
        "微信不允许本公众号使用“自定义菜单”，已停用",
        (
            "1月1日 16:00起。现在：关注者发送“投票”“结果”“查票”“帮助”，和点菜单一样。办法：登录微信公众平台，"
            "在“设置与开发—接口权限”查看这一项是否“已获得”；没有的，先完成微信认证。"
        ),
        "看怎么处理",
        "/console/wechat#troubles",
    )
    assert {role for role, items in told.items() if items} == {Role.ADMINISTRATOR, Role.OFFICE}
    assert told[Role.ADMINISTRATOR] == [item]


OUTSIDE = {Role.UNIT, Role.INVESTIGATOR}


def test_wrong_settings_and_used_up_calls_are_on_the_desk_too(account: Account, sandbox: Platform) -> None:
    sandbox.order("PATCH", "/accounts/-", capabilities="sub-verified-gov")
    sandbox.fault("daily_quota", path="/cgi-bin/user/info")
    with pytest.raises(QuotaReached):
        account.client.following(sandbox.openid("jia"))
    account.client.breaker.clear("stable_token")
    sandbox.fault("ip_not_allowed", path="/cgi-bin/stable_token")
    with pytest.raises(Misconfigured):
        account.client.check_token()
    refused, used_up = account_troubles()
    assert (refused.text, refused.urgent, refused.ends) == (
        "微信不接受本站的调用：服务器地址127.0.0.1不在IP白名单里",
        True,
        None,
    )
    assert "“IP白名单”里加上127.0.0.1" in refused.remedy
    assert (used_up.text, used_up.urgent) == ("“用户管理（查询是否关注）”今天的调用次数已用完（user/info）", False)
    assert used_up.ends == account.clock().replace(hour=16, minute=0)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"secret": "another"}, "微信不接受本站的调用：AppSecret不对"),
        ({"secret_frozen": True}, "微信不接受本站的调用：AppSecret被冻结"),
    ],
)
def test_each_wrong_setting_is_named(account: Account, sandbox: Platform, change: dict[str, Any], text: str) -> None:
    sandbox.order("PATCH", "/accounts/-", **change)
    with pytest.raises(Misconfigured):
        account.client.following("o1")
    assert [trouble.text for trouble in account_troubles()] == [text]


def test_an_administrator_switches_it_on_again_after_mending(
    account: Account, sandbox: Platform, admin: Browser
) -> None:
    refuse_menu(account)
    page = admin.get("/console/wechat").text
    assert "微信不允许，已停用" in page
    assert 'name="what" value="right:menu"' in page
    sandbox.order("PATCH", "/accounts/-", capabilities="sub-verified")
    answer = admin.submit("/console/wechat/restore", what="right:menu")
    assert (answer.status_code, answer.location) == (303, "/console/wechat")
    assert "需要处理" not in admin.get("/console/wechat").text
    assert account.may("menu")
    account.client.create_menu(BUTTONS)
    assert recorded()[-1] == (
        "guanli",
        "wechat.restore",
        "微信不允许本公众号使用“自定义菜单”，已停用",
        "done",
    )


def test_what_is_still_refused_is_off_again(account: Account) -> None:
    actor = actor_of(make_staff("guanli", "示例管理", Role.ADMINISTRATOR))
    refuse_menu(account)
    try_again("right:menu", actor)
    assert account.may("menu")
    refuse_menu(account)
    assert not account.may("menu")
    assert [entry[1] for entry in recorded()] == ["wechat.refused", "wechat.restore", "wechat.refused"]


def test_credentials_are_tried_at_once(account: Account, sandbox: Platform, admin: Browser) -> None:
    sandbox.order("PATCH", "/accounts/-", ip_whitelist=["203.0.113.9"])
    with pytest.raises(Misconfigured):
        account.client.following("o1")
    page = admin.get("/console/wechat").text
    assert "服务器地址127.0.0.1不在IP白名单里" in page
    admin.submit("/console/wechat/restore", what="path:stable_token")
    assert "还没有恢复：公众号的设置有误" in admin.get("/console/wechat").text
    sandbox.order("PATCH", "/accounts/-", ip_whitelist=None)
    admin.submit("/console/wechat/restore", what="path:stable_token")
    page = admin.get("/console/wechat").text
    assert ("已恢复" in page, "需要处理" in page) == (True, False)


def test_used_up_calls_are_tried_again_when_somebody_had_them_counted_anew(account: Account, sandbox: Platform) -> None:
    actor = actor_of(make_staff("guanli", "示例管理", Role.ADMINISTRATOR))
    sandbox.order("PATCH", "/accounts/-", capabilities="sub-verified")
    sandbox.fault("daily_quota", path="/cgi-bin/user/info", count=1)
    openid = sandbox.openid("jia")
    with pytest.raises(QuotaReached):
        account.client.following(openid)
    try_again("path:user/info", actor)
    assert account.client.following(openid).follows


@pytest.mark.parametrize("key", ["", "right:menu", "path:user/info", "right:", "else"])
def test_what_is_not_refused_cannot_be_tried_again(account: Account, key: str) -> None:
    with pytest.raises(NotFound):
        try_again(key, actor_of(make_staff("guanli", "示例管理", Role.ADMINISTRATOR)))
    assert recorded() == []


def test_the_office_sees_the_trouble_and_no_button(account: Account, app: Flask) -> None:
    refuse_menu(account)
    page = Browser(app).signed_in_as(make_staff()).get("/console/wechat").text
    assert ("需要处理" in page, "重新试用" in page) == (True, False)


def test_a_right_that_is_switched_off_by_the_operator_is_no_trouble(account: Account, use_account: UseAccount) -> None:
    refuse_menu(account)
    use_account(wechat_capabilities="sub-unverified")
    sheet = describe_account()
    assert sheet.troubles == ()
    assert [right for right in sheet.rights if right.held or right.refused] == []


def test_the_trail_is_written_apart_from_a_transaction_that_fails(account: Account) -> None:
    with pytest.raises(NotPermitted), transaction():
        account.client.create_menu(BUTTONS)
    assert [trouble.key for trouble in account_troubles()] == ["right:menu"]
    assert account_troubles()[0].since > datetime.now(UTC) - timedelta(minutes=5)
