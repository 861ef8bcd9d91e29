"""The menu keeps the platform's limits before anything is sent, and is published by somebody who is recorded."""

import pytest
from flask import Flask
from sqlalchemy import select

from foundation.errors import InvalidInput, NotAllowed
from foundation.transaction import transaction
from staff.actors import COMMAND_LINE
from staff.audit.models import AuditEntry
from staff.options.errors import InvalidOption
from staff.options.setting import set_option
from tests.conftest import PUBLIC_URL
from tests.staff.factories_staff import Browser, actor_of, make_staff
from tests.staff.options.factories_options import set_to
from tests.wechat.conftest import UseAccount, World
from wechat.account import current_account
from wechat.buttons import Button
from wechat.errors import Unreachable
from wechat.keywords import WORDS, Word
from wechat.menu import MENU as MENU_OPTION
from wechat.menu import (
    MenuEntry,
    build_menu,
    menu_entries,
    publish_menu,
    published_menu,
    width_of,
)

MENU = (
    MenuEntry("网上评议", "网上评议", "view", "/polls/2026"),
    MenuEntry("公示公告", "公示公告", "page", "/notices"),
    MenuEntry("我要查询", "我的回执", "view", "/me"),
    MenuEntry("我要查询", "评选结果", "click", "结果"),
    MenuEntry("我要查询", "党建网", "page", "https://www.example.org/"),
)
BUTTONS: list[Button] = [
    {"type": "view", "name": "网上评议", "url": f"{PUBLIC_URL}/wechat/login?next=%2Fpolls%2F2026"},
    {"type": "view", "name": "公示公告", "url": f"{PUBLIC_URL}/notices"},
    {
        "name": "我要查询",
        "sub_button": [
            {"type": "view", "name": "我的回执", "url": f"{PUBLIC_URL}/wechat/login?next=%2Fme"},
            {"type": "click", "name": "评选结果", "key": "结果"},
            {"type": "view", "name": "党建网", "url": "https://www.example.org/"},
        ],
    },
]


@pytest.fixture
def menu(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[MenuEntry]:
    """What the rooms offer for the menu."""
    entries = list(MENU)
    monkeypatch.setitem(app.extensions, "wechat_menu", entries)
    return entries


def audited() -> list[tuple[str, str, str, str]]:
    with transaction() as session:
        rows = session.execute(
            select(AuditEntry.actor, AuditEntry.act, AuditEntry.object, AuditEntry.result)
            .where(AuditEntry.act == "wechat.menu")
            .order_by(AuditEntry.id)
        )
        return [(actor, act, thing, result) for actor, act, thing, result in rows]


def test_the_entries_become_the_platforms_buttons() -> None:
    assert build_menu(MENU, PUBLIC_URL) == BUTTONS


def page(button: str, name: str = "一", target: str = "/") -> MenuEntry:
    return MenuEntry(button, name, "page", target)


def click(button: str = "菜单", name: str = "一", key: str = "键") -> MenuEntry:
    return MenuEntry(button, name, "click", key)


@pytest.mark.parametrize(
    ("entries", "field", "sentence"),
    [
        ([], "button", "菜单要有1到3个按钮，现在是0个。"),
        ([click(name) for name in "一二三四"], "button", "菜单要有1到3个按钮，现在是4个。"),
        ([click(name=name) for name in "一二三四五六"], "button", "按钮“菜单”下面最多5项，现在是6项。"),
        (
            [click("投票公示大厅")],
            "button",
            "菜单按钮“投票公示大厅”的名称应为1到16个字节，现在是18个（一个汉字占3个）。",
        ),
        ([click("")], "button", "菜单按钮“”的名称应为1到16个字节，现在是0个（一个汉字占3个）。"),
        ([click(name="a" * 61)], "name", f"“菜单”下面“{'a' * 61}”的名称应为1到60个字节，现在是61个（一个汉字占3个）。"),
        ([click(key="")], "target", "“一”的 key应为1到128个字节，现在是0个（一个汉字占3个）。"),
        ([click(key="k" * 129)], "target", "“一”的 key应为1到128个字节，现在是129个（一个汉字占3个）。"),
        (
            [MenuEntry("菜单", "一", "page", "https://example.org/" + "u" * 1005)],
            "target",
            "“一”的网址应为1到1024个字节，现在是1025个（一个汉字占3个）。",
        ),
    ],
)
def test_what_the_platform_would_refuse_is_refused_here(entries: list[MenuEntry], field: str, sentence: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        build_menu(tuple(entries), PUBLIC_URL)
    assert (caught.value.field, caught.value.message) == (field, sentence)


def test_what_just_fits_is_taken() -> None:
    entries = [click("a" * 16, "名" * 20, "k" * 128)]
    entries += [MenuEntry("二", f"项{n}", "page", "https://example.org/" + "u" * 1004) for n in range(5)]
    assert [len(button["sub_button"]) for button in build_menu(tuple(entries), PUBLIC_URL)] == [1, 5]


def test_the_published_menu_stands_on_the_platform(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(world.app.extensions, "wechat_menu", list(MENU))
    publish_menu(COMMAND_LINE)
    shown = current_account().client.menu()
    assert shown is not None
    expected = build_menu(MENU, world.site)
    for button in expected:
        button.setdefault("sub_button", [])
        for leaf in button["sub_button"]:
            leaf["sub_button"] = []
    assert shown["menu"]["button"] == expected
    assert audited() == [(COMMAND_LINE.name, "wechat.menu", "公众号菜单", "done")]


def test_a_menu_the_platform_does_not_take_is_recorded_as_refused(
    use_account: UseAccount, menu: list[MenuEntry]
) -> None:
    use_account(wechat_api_url="http://127.0.0.1:1")
    with pytest.raises(Unreachable):
        publish_menu(COMMAND_LINE)
    assert audited() == [(COMMAND_LINE.name, "wechat.menu", "公众号菜单", "refused")]


@pytest.mark.usefixtures("menu")
def test_without_the_right_nothing_is_sent(use_account: UseAccount) -> None:
    use_account(wechat_capabilities="sub-unverified")
    with pytest.raises(NotAllowed):
        publish_menu(COMMAND_LINE)
    assert audited() == []


class TestConsole:
    def test_the_page_shows_the_account_and_no_secret(
        self, app: Flask, use_account: UseAccount, menu: list[MenuEntry]
    ) -> None:
        use_account()
        page = Browser(app).signed_in_as(make_staff()).get("/console/wechat")
        assert page.status_code == 200
        for shown in ("wx0123456789abcdef", "gh_0123456789ab", "已设置", "未设置", "安全模式", "发布菜单", "我的回执"):
            assert shown in page.text
        settings = app.config["SETTINGS"]
        for secret in (settings.wechat_secret, settings.wechat_token, settings.wechat_aes_key, settings.secret_key):
            assert secret.get_secret_value() not in page.text

    def test_a_menu_that_breaks_a_limit_cannot_be_published(
        self, app: Flask, use_account: UseAccount, menu: list[MenuEntry]
    ) -> None:
        use_account()
        menu.append(click("第四个"))
        page = Browser(app).signed_in_as(make_staff()).get("/console/wechat").text
        assert "菜单要有1到3个按钮，现在是4个。" in page
        assert '<button class="button button-primary">发布菜单' not in page

    def test_without_the_right_the_page_says_so(
        self, app: Flask, use_account: UseAccount, menu: list[MenuEntry]
    ) -> None:
        use_account(wechat_capabilities="sub-unverified")
        page = Browser(app).signed_in_as(make_staff()).get("/console/wechat").text
        assert "这个公众号没有自定义菜单的权限" in page
        assert '<button class="button button-primary">发布菜单' not in page

    def test_the_button_publishes_in_the_members_name(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(world.app.extensions, "wechat_menu", list(MENU))
        browser = Browser(world.app).signed_in_as(make_staff())
        assert browser.submit("/console/wechat/menu").status_code == 303
        answer = browser.get("/console/wechat")
        assert "菜单已发布。" in answer.text
        assert "示例经办发布了菜单。" in answer.text
        assert audited() == [("jingban", "wechat.menu", "公众号菜单", "done")]
        assert world.asked.count("/api/cgi-bin/menu/create") == 1

    def test_what_went_wrong_is_said_on_the_page(
        self, app: Flask, use_account: UseAccount, menu: list[MenuEntry]
    ) -> None:
        use_account(wechat_api_url="http://127.0.0.1:1")
        browser = Browser(app).signed_in_as(make_staff())
        assert browser.submit("/console/wechat/menu").status_code == 303
        answer = browser.get("/console/wechat")
        assert "菜单没有发布：微信暂时没有应答，请稍后再试。" in answer.text
        assert audited() == [("jingban", "wechat.menu", "公众号菜单", "refused")]

    def test_without_the_forms_token_nothing_is_published(
        self, app: Flask, use_account: UseAccount, menu: list[MenuEntry]
    ) -> None:
        use_account(wechat_api_url="http://127.0.0.1:1")
        browser = Browser(app).signed_in_as(make_staff())
        assert browser.post("/console/wechat/menu").status_code == 403

    def test_strangers_are_sent_to_sign_in(self, app: Flask) -> None:
        answer = app.test_client().get("/console/wechat")
        assert (answer.status_code, "/console/sign-in" in answer.headers["Location"]) == (303, True)


class TestCommandLine:
    def test_it_publishes_as_a_member(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(world.app.extensions, "wechat_menu", list(MENU))
        account = make_staff()
        result = world.app.test_cli_runner().invoke(args=["wechat", "publish-menu", "--as", account.name])
        assert (result.exit_code, result.output) == (0, "published the menu\n")
        assert audited() == [(actor_of(account).name, "wechat.menu", "公众号菜单", "done")]

    @pytest.mark.usefixtures("menu")
    def test_it_says_what_is_wrong(self, app: Flask, use_account: UseAccount) -> None:
        use_account(wechat_api_url="http://127.0.0.1:1")
        for arguments, sentence in (([], "微信暂时没有应答"), (["--as", "nobody"], "没有这个用户名")):
            result = app.test_cli_runner().invoke(args=["wechat", "publish-menu", *arguments])
            assert result.exit_code == 1
            assert sentence in result.output


class TestSetting:
    def test_until_staff_set_one_the_menu_is_what_the_rooms_offer(self, app: Flask, menu: list[MenuEntry]) -> None:
        offered = menu_entries()
        set_to(MENU_OPTION, MENU[:1])

        assert (offered, menu_entries()) == (MENU, MENU[:1])

    def test_the_rooms_own_menu_may_be_saved_as_it_is(self, app: Flask) -> None:
        actor, offered = actor_of(make_staff()), menu_entries()

        assert not set_option(MENU_OPTION.name, MENU_OPTION.kind.show(offered), actor, based_on=0, reason="照旧")

    @pytest.mark.parametrize(
        ("entries", "faults"),
        [
            ((), {"rows": "菜单要有1到3个按钮，现在是0个。"}),
            (
                tuple(page(name) for name in "一二三四"),
                {"rows": "菜单要有1到3个按钮，现在是4个。"},
            ),
            (
                tuple(page("菜单", name) for name in "一二三四五六"),
                {"rows": "按钮“菜单”下面最多5项，现在是6项。"},
            ),
            (
                (page("投票大厅吧"),),
                {"rows-0-button": "手机上最多显示4个汉字（字母、数字算半个），“投票大厅吧”太长。"},
            ),
            (
                (page("菜单", "九个汉字的菜单名称"),),
                {"rows-0-name": "手机上最多显示8个汉字（字母、数字算半个），“九个汉字的菜单名称”太长。"},
            ),
            (
                (page("菜单", "一"), page("菜单", "一")),
                dict.fromkeys(("rows-0-name", "rows-1-name"), "“菜单”下面有两个“一”。"),
            ),
            (
                (MenuEntry("菜单", "一", "click", "天气"),),
                {"rows-0-target": "没有人会答复“天气”。请先在“关键词”里加上这个词。"},
            ),
            (
                (MenuEntry("菜单", "一", "view", "https://www.example.org/"),),
                {"rows-0-target": "本站网页要写成以“/”开头的路径，例如/vote。"},
            ),
            *(
                ((page("菜单", "一", wrong),), {"rows-0-target": "网址要以https://开头，本站网页以“/”开头。"})
                for wrong in (
                    "www.example.org",
                    "javascript:alert(1)",
                    "//elsewhere.example",
                    "https:///a",
                    "https://a b",
                )
            ),
            (
                tuple(page("菜单", str(n), f"https://{n}.example/") for n in range(4)),
                {
                    "rows": "菜单里的链接最多通向3个网站（本站也算，微信自己的不算），现在是4个："
                    "0.example、1.example、2.example、3.example。"
                },
            ),
        ],
    )
    def test_what_a_phone_or_the_platform_would_not_take_is_refused(
        self, app: Flask, entries: tuple[MenuEntry, ...], faults: dict[str, str]
    ) -> None:
        with pytest.raises(InvalidOption) as caught:
            set_option(
                MENU_OPTION.name, MENU_OPTION.kind.show(entries), actor_of(make_staff()), based_on=0, reason="改"
            )

        assert caught.value.faults == faults

    def test_an_entry_may_send_a_word_that_staff_added(self, app: Flask) -> None:
        set_to(WORDS, (Word("值班", "reply", "每天有人。", ""),))
        entries = (MenuEntry("值班", "值班", "click", "值班"),)

        set_option(MENU_OPTION.name, MENU_OPTION.kind.show(entries), actor_of(make_staff()), based_on=0, reason="改")

        assert menu_entries() == entries

    @pytest.mark.parametrize(("text", "width"), [("网上评议", 4), ("ABCD", 2), ("投票2026", 4), ("ＡＢ", 2), ("", 0)])
    def test_width_is_counted_in_chinese_characters(self, text: str, width: float) -> None:
        assert width_of(text) == width


class TestPublished:
    def test_what_the_platform_took_is_kept_and_a_later_change_is_told(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(world.app.extensions, "wechat_menu", list(MENU))
        browser = Browser(world.app).signed_in_as(make_staff())
        never = browser.get("/console/wechat").text
        browser.submit("/console/wechat/menu")
        kept = published_menu()
        same = browser.get("/console/wechat").text
        set_to(MENU_OPTION, MENU[:1])
        changed = browser.get("/console/wechat").text
        option = browser.get("/console/options/menu/wechat.menu").text

        assert kept is not None
        assert (kept.buttons, kept.person) == (build_menu(MENU, world.site), "示例经办")
        assert [text in never for text in ("还没有发布过菜单。", "与已发布的不同")] == [True, False]
        assert [text in same for text in ("示例经办发布了菜单。", "与已发布的不同")] == [True, False]
        assert [text in changed for text in ("此后菜单改过", "与已发布的不同")] == [True, True]
        assert "发布的，与上面不同。" in option

    def test_what_the_platform_did_not_take_is_not_kept(self, use_account: UseAccount, menu: list[MenuEntry]) -> None:
        use_account(wechat_api_url="http://127.0.0.1:1")
        with pytest.raises(Unreachable):
            publish_menu(COMMAND_LINE)

        assert published_menu() is None
