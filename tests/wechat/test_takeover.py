"""A living account is looked at and nothing changes; what staff choose becomes ours; and there is a way back."""

from typing import Any

import pytest
from flask import Flask

from foundation.errors import Conflict, NotAllowed, NotFound
from staff.actors import COMMAND_LINE
from staff.options.errors import InvalidOption
from staff.roles import Role
from tests.staff.factories_staff import Browser, actor_of, make_staff, recorded
from tests.staff.options.factories_options import kept, set_to
from tests.wechat.admin_of_sandbox import SandboxAdmin
from tests.wechat.conftest import World
from wechat.account import Account, current_account
from wechat.buttons import Button, explained, plain_buttons
from wechat.errors import Unreachable, WeChatError, refusal
from wechat.keywords import WORDS, Word
from wechat.menu import MENU, MenuEntry, menu_entries, publish_menu
from wechat.replies import GREETING, NOT_UNDERSTOOD
from wechat.takeover.applying import Choice, first_choices, keep_menu, keep_replies, takeover
from wechat.takeover.autoreplies import FoundReplies, FoundReply, FoundWord, understand_replies
from wechat.takeover.living import read_menu
from wechat.takeover.looking import look, put_back
from wechat.takeover.merging import merge
from wechat.takeover.readings import as_created, latest_reading, replaced_menus

OURS = (
    MenuEntry("网上评议", "投票", "view", "/vote"),
    MenuEntry("网上评议", "看结果", "click", "结果"),
    MenuEntry("首页", "首页", "page", "/"),
)
THEIRS: list[Button] = [
    {
        "name": "学习",
        "sub_button": [
            {"type": "view", "name": "学习园地", "url": "https://mp.weixin.qq.com/s/example"},
            {"type": "click", "name": "签到", "key": "SIGN_IN"},
            {"type": "media_id", "name": "党徽", "media_id": "example-media"},
            {
                "type": "miniprogram",
                "name": "小程序",
                "appid": "wxexample",
                "pagepath": "a",
                "url": "https://a.example",
            },
            {"type": "scancode_push", "name": "扫一扫", "key": "scan"},
        ],
    },
    {"type": "view", "name": "党建网", "url": "https://www.example.org/"},
]
ON_THE_PAGE: list[Button] = [
    {"name": "关于", "sub_button": [{"type": "text", "name": "电话", "value": "示例电话0391"}]},
    {"type": "img", "name": "地图", "value": "example-picture"},
    {"type": "video", "name": "片子", "value": "http://v.example/1"},
]
REPLIES: dict[str, Any] = {
    "is_add_friend_reply_open": 1,
    "is_autoreply_open": 1,
    "add_friend_autoreply_info": {"type": "text", "content": "示例欢迎语"},
    "message_default_autoreply_info": {"type": "img", "content": "example-picture"},
    "keyword_autoreply_info": {
        "list": [
            {
                "rule_name": "示例规则",
                "reply_mode": "reply_all",
                "keyword_list_info": [
                    {"type": "text", "match_mode": "equal", "content": "值班"},
                    {"type": "text", "match_mode": "contain", "content": "投票"},
                ],
                "reply_list_info": [
                    {"type": "text", "content": "每天有人。"},
                    {"type": "voice", "content": "example-voice"},
                ],
            },
            {
                "reply_mode": "random_one",
                "keyword_list_info": [{"type": "text", "match_mode": "contain", "content": "学习"}],
                "reply_list_info": [
                    {"type": "text", "content": "一"},
                    {
                        "type": "news",
                        "news_info": {"list": [{"title": "示例图文", "content_url": "https://mp.weixin.qq.com/s/a"}]},
                    },
                ],
            },
        ]
    },
}


def living(admin: SandboxAdmin, buttons: list[Button] | None = None) -> None:
    """Let the account have lived before: another program's menu, and replies set on its own pages."""
    admin.account.menu.create({"button": THEIRS if buttons is None else buttons})
    admin.order("POST", "/accounts/-/autoreply", **REPLIES)


def without_rights(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the account be one that may do nothing but read messages and answer them."""
    account = current_account()
    settings = account.settings.model_copy(update={"wechat_capabilities": "sub-unverified"})
    monkeypatch.setitem(world.app.extensions, "wechat_account", Account(settings, account.clock))


def stands() -> list[Button]:
    """Return the menu that followers see."""
    return plain_buttons(read_menu().buttons)


def published() -> None:
    set_to(MENU, OURS)
    publish_menu(COMMAND_LINE)


class TestLooking:
    def test_it_reads_everything_and_changes_nothing(self, world: World, admin: SandboxAdmin) -> None:
        living(admin)
        admin.account.menu.add_conditional({"button": THEIRS[1:], "matchrule": {"language": "en"}})
        look(COMMAND_LINE)
        reading = latest_reading()

        assert reading is not None
        assert (reading.menu.source, reading.menu.conditional, reading.person) == ("api", 1, "命令行")
        assert plain_buttons(reading.menu.buttons) == THEIRS == stands()
        assert admin.calls("/cgi-bin/menu/create") == admin.calls("/cgi-bin/menu/delete") == []

    def test_a_menu_made_on_the_accounts_own_pages_is_found(self, world: World, admin: SandboxAdmin) -> None:
        admin.order("POST", "/accounts/-/menu", button=ON_THE_PAGE)

        found = read_menu()
        assert (found.source, found.buttons) == ("page", ON_THE_PAGE)

    def test_without_the_right_the_menu_of_the_page_is_found_all_the_same(
        self, world: World, admin: SandboxAdmin
    ) -> None:
        admin.change(capabilities="sub-unverified")
        admin.order("POST", "/accounts/-/menu", button=ON_THE_PAGE)

        assert read_menu().source == "page"

    def test_while_the_platform_is_away_it_says_so(self, world: World, admin: SandboxAdmin) -> None:
        admin.fault("html", "/cgi-bin/get_current_autoreply_info")
        with pytest.raises(Unreachable):
            look(COMMAND_LINE)

        assert latest_reading() is None
        assert recorded()[-1][1:] == ("wechat.take_over", "公众号原有的菜单和回复", "refused")


class TestMerging:
    def test_theirs_stay_as_far_as_there_is_room_and_we_can_do_what_they_do(self) -> None:
        lines = merge(OURS, THEIRS, lambda word: word == "结果")

        assert [(line.button, line.name, line.entry and line.entry.kind, line.kept) for line in lines] == [
            ("网上评议", "投票", "view", True),
            ("网上评议", "看结果", "click", True),
            ("首页", "首页", "page", True),
            ("学习", "学习园地", "page", True),
            ("学习", "签到", None, False),
            ("学习", "党徽", "material", True),
            ("学习", "小程序", "miniprogram", True),
            ("学习", "扫一扫", None, False),
            ("首页", "党建网", "page", True),
        ]
        assert "没有人答复" in lines[4].remark
        assert "本系统不办" in lines[7].remark

    def test_what_finds_no_room_is_said_so(self) -> None:
        full = tuple(
            MenuEntry(button, f"{button}{n}", "page", f"/{button}{n}") for button in "甲乙丙" for n in range(5)
        )
        (line,) = merge(full, THEIRS[1:], lambda _: True)[15:]

        assert (line.kept, line.remark) == (False, "放不下了，要留就先去掉别的。")

    def test_what_is_ours_already_is_not_kept_twice(self) -> None:
        (line,) = merge(OURS, [{"type": "click", "name": "结果", "key": "结果"}], lambda _: True)[3:]

        assert (line.kept, line.remark) == (False, "本系统的菜单里已经有了。")

    def test_words_of_a_page_made_menu_become_a_keyword(self) -> None:
        phone, picture, film = merge((), ON_THE_PAGE, lambda _: False)

        assert (phone.entry, phone.text) == (MenuEntry("关于", "电话", "click", "电话"), "示例电话0391")
        assert picture.entry == MenuEntry("地图", "地图", "material", "example-picture")
        assert (film.entry, film.kept) == (None, False)


def test_replies_are_understood_and_told_what_is_lost() -> None:
    assert understand_replies(REPLIES) == FoundReplies(
        FoundReply("示例欢迎语"),
        FoundReply("", "图片带不过来。"),
        (
            FoundWord("值班", FoundReply("每天有人。", "语音带不过来。"), True),
            FoundWord("投票", FoundReply("每天有人。", "语音带不过来。"), False),
            FoundWord("学习", FoundReply("一", "图文改成了标题和链接。原来随机回一条，这里只带第一条。"), False),
        ),
    )


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"is_add_friend_reply_open": 1, "is_autoreply_open": 1},
        {"add_friend_autoreply_info": 7, "keyword_autoreply_info": {"list": [None, {"keyword_list_info": "?"}]}},
    ],
)
def test_odd_replies_are_none(answer: dict[str, Any]) -> None:
    assert understand_replies(answer) == FoundReplies(None, None, ())


class TestChoosing:
    def test_what_was_chosen_becomes_our_menu_and_is_not_published(self, world: World, admin: SandboxAdmin) -> None:
        living(admin)
        set_to(MENU, OURS)
        look(COMMAND_LINE)
        found = takeover()
        assert found is not None
        changed = keep_menu(found.reading.number, 1, first_choices(found.lines), actor_of(make_staff()))

        assert changed
        assert menu_entries() == (
            *OURS,
            MenuEntry("学习", "学习园地", "page", "https://mp.weixin.qq.com/s/example"),
            MenuEntry("学习", "党徽", "material", "example-media"),
            MenuEntry("学习", "小程序", "miniprogram", "wxexample a https://a.example"),
            MenuEntry("首页", "党建网", "page", "https://www.example.org/"),
        )
        assert stands() == THEIRS

    def test_an_entry_that_answers_by_itself_brings_its_keyword(self, world: World, admin: SandboxAdmin) -> None:
        admin.order("POST", "/accounts/-/menu", button=ON_THE_PAGE[:1])
        set_to(MENU, OURS[2:])
        look(COMMAND_LINE)
        found = takeover()
        assert found is not None
        keep_menu(found.reading.number, 1, first_choices(found.lines), actor_of(make_staff()))

        assert menu_entries()[1:] == (MenuEntry("关于", "电话", "click", "电话"),)
        assert WORDS.value()[-1] == Word("电话", "reply", "示例电话0391", "")

    def test_too_much_is_told_and_nothing_is_set(self, world: World, admin: SandboxAdmin) -> None:
        living(admin)
        set_to(MENU, OURS)
        look(COMMAND_LINE)
        found = takeover()
        assert found is not None
        crowded = tuple(Choice(True, f"钮{n}", line.name) for n, line in enumerate(found.lines))
        with pytest.raises(InvalidOption) as caught:
            keep_menu(found.reading.number, 1, crowded, actor_of(make_staff()))

        assert "菜单要有1到3个按钮，现在是7个。" in caught.value.faults.values()
        assert len(kept(MENU)) == 1

    def test_whoever_goes_by_an_old_page_is_told(self, world: World, admin: SandboxAdmin) -> None:
        living(admin)
        look(COMMAND_LINE)
        found = takeover()
        assert found is not None
        choices, actor = first_choices(found.lines), actor_of(make_staff())
        set_to(MENU, OURS)
        with pytest.raises(Conflict, match="刚被别人改过"):
            keep_menu(found.reading.number, 0, choices, actor)
        look(COMMAND_LINE)
        with pytest.raises(Conflict, match="又读取过一次"):
            keep_menu(found.reading.number, 1, choices, actor)

    def test_ticked_replies_become_ours_and_others_do_not(self, world: World, admin: SandboxAdmin) -> None:
        living(admin)
        look(COMMAND_LINE)
        found = takeover()
        assert found is not None
        faults = {offer.word or offer.id: offer.fault for offer in found.offers}
        brought = keep_replies(found.reading.number, ["greeting", "word-0", "otherwise"], actor_of(make_staff()))

        assert faults == {
            "greeting": "",
            "otherwise": "没有文字可带。",
            "值班": "",
            "投票": "本系统已经答复“投票”。",
            "学习": "",
        }
        assert (brought, GREETING.value(), NOT_UNDERSTOOD.value()) == (2, "示例欢迎语", "")
        assert WORDS.value()[-1] == Word("值班", "reply", "每天有人。", "")

    def test_nothing_ticked_is_nothing_done(self, world: World, admin: SandboxAdmin) -> None:
        living(admin)
        look(COMMAND_LINE)
        reading = latest_reading()
        assert reading is not None
        with pytest.raises(NotFound, match="请先选"):
            keep_replies(reading.number, ["word-1", "word-9"], actor_of(make_staff()))


class TestTheWayBack:
    def test_what_was_there_is_kept_and_put_back_by_one_act(self, world: World, admin: SandboxAdmin) -> None:
        living(admin)
        published()
        ours, (old,) = stands(), replaced_menus()
        put_back(old.number, COMMAND_LINE)
        back = stands()
        publish_menu(COMMAND_LINE)

        assert ours != THEIRS
        assert (plain_buttons(old.menu.buttons), back, stands()) == (THEIRS, THEIRS, ours)
        assert [(act, result) for _, act, _, result in recorded()] == [
            ("wechat.menu", "done"),
            ("wechat.menu_back", "done"),
            ("wechat.menu", "done"),
        ]
        assert len(replaced_menus()) == 1

    def test_where_there_was_none_there_is_no_way_back(self, world: World) -> None:
        published()
        publish_menu(COMMAND_LINE)

        assert replaced_menus() == ()

    def test_a_menu_that_somebody_made_in_between_is_kept_too(self, world: World, admin: SandboxAdmin) -> None:
        living(admin)
        published()
        admin.account.menu.create({"button": THEIRS[1:]})
        publish_menu(COMMAND_LINE)

        assert [plain_buttons(old.menu.buttons) for old in replaced_menus()] == [THEIRS[1:], THEIRS]

    def test_without_a_way_back_nothing_is_published(self, world: World, admin: SandboxAdmin) -> None:
        living(admin)
        admin.fault("html", "/cgi-bin/menu/get", count=1)
        set_to(MENU, OURS)
        with pytest.raises(Unreachable):
            publish_menu(COMMAND_LINE)

        assert stands() == THEIRS

    def test_of_a_page_made_menu_what_the_api_takes_goes_back(self, world: World, admin: SandboxAdmin) -> None:
        admin.order("POST", "/accounts/-/menu", button=ON_THE_PAGE)
        published()
        (old,) = replaced_menus()
        put_back(old.number, COMMAND_LINE)

        assert old.lost == ("电话", "片子")
        assert stands() == [{"type": "media_id", "name": "地图", "media_id": "example-picture"}]

    def test_what_cannot_go_back_at_all_is_said_so(self, world: World, admin: SandboxAdmin) -> None:
        admin.order("POST", "/accounts/-/menu", button=ON_THE_PAGE[:1])
        published()
        (old,) = replaced_menus()
        with pytest.raises(Conflict, match="公众号后台"):
            put_back(old.number, COMMAND_LINE)

        assert as_created(old.menu.buttons) == []

    def test_menus_for_some_stay_where_they_are(self, world: World, admin: SandboxAdmin) -> None:
        living(admin)
        admin.account.menu.add_conditional({"button": THEIRS[1:], "matchrule": {"language": "en"}})
        published()

        assert read_menu().conditional == 1
        assert admin.calls("/cgi-bin/menu/delete") == []

    def test_without_the_right_nothing_is_put_back(
        self, world: World, admin: SandboxAdmin, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        living(admin)
        published()
        (old,) = replaced_menus()
        without_rights(world, monkeypatch)
        with pytest.raises(NotAllowed):
            put_back(old.number, COMMAND_LINE)
        with pytest.raises(NotAllowed):
            publish_menu(COMMAND_LINE)
        with pytest.raises(NotFound):
            put_back(old.number + 9, COMMAND_LINE)


LONG = "很长很长的名称"
BUTTONS: list[Button] = [
    {"type": "click", "name": "甲", "key": "一"},
    {"type": "view", "name": "乙的名称", "url": "https://b.example/long"},
    {
        "name": "丙",
        "sub_button": [
            {"type": "view", "name": LONG, "url": "https://c.example/"},
            {"type": "media_id", "name": "丁", "media_id": "example-media"},
        ],
    },
]


class TestRefusals:
    @pytest.mark.parametrize(
        ("errcode", "sentence"),
        [
            (40015, "“甲”、“乙的名称”、“丙”当中，有微信不认识的按钮类型。"),
            (40016, "微信说按钮的个数不对：底部现在有3个，“甲”下面有0项，“乙的名称”下面有0项，“丙”下面有2项。"),
            (40018, "“乙的名称”的名称，微信说太长或是空的。"),
            (40019, "“甲”的key，微信说太长或是空的。"),
            (40020, "“乙的名称”的网址，微信说太长或是空的。"),
            (40024, f"“{LONG}”、“丁”当中，有微信不认识的按钮类型。"),
            (40025, f"“{LONG}”的名称，微信说太长或是空的。"),
            (40027, f"“{LONG}”的网址，微信说太长或是空的。"),
            (40054, f"“{LONG}”当中，有微信不接受的网址。"),
            (40055, "“乙的名称”当中，有微信不接受的网址。"),
            (65317, f"“乙的名称”、“{LONG}”当中，有微信不接受的网址。"),
            (65316, "菜单通向的网站太多，微信最多允许3个：b.example、c.example。"),
            (40007, "“丁”当中，有微信找不到的素材或文章。"),
        ],
    )
    def test_a_refusal_names_the_entry(self, errcode: int, sentence: str) -> None:
        told = explained(refusal(errcode), BUTTONS)

        assert (told.message, told.errcode) == (f"{sentence}（微信错误码{errcode}）", errcode)

    @pytest.mark.parametrize("error", [Unreachable(), WeChatError(errcode=45009)])
    def test_what_is_not_about_the_menu_stays_as_it_is(self, error: WeChatError) -> None:
        assert explained(error, BUTTONS) is error

    def test_what_the_platform_said_stands_on_the_page(self, world: World, admin: SandboxAdmin) -> None:
        set_to(MENU, (MenuEntry("发文章", "发文章", "material", "unknown"),))
        admin.fault("errcode", "/cgi-bin/menu/create", errcode=40007)
        browser = Browser(world.app).signed_in_as(make_staff())
        browser.submit("/console/wechat/menu")

        assert (
            "菜单没有发布：“发文章”当中，有微信找不到的素材或文章。（微信错误码40007）"
            in browser.get("/console/wechat").text
        )
        assert current_account().client.menu() is None


class TestConsole:
    def test_from_looking_to_the_way_back_by_clicks_alone(self, world: World, admin: SandboxAdmin) -> None:
        living(admin)
        set_to(MENU, OURS)
        browser = Browser(world.app).signed_in_as(make_staff())
        address = "/console/wechat/takeover"
        before = browser.get(address).text
        browser.submit(f"{address}/look")
        found = takeover()
        assert found is not None
        read = browser.get(address).text
        form = {"reading": str(found.reading.number), "version": "1", "lines": str(len(found.lines))}
        for number, line in enumerate(found.lines):
            form |= {f"button-{number}": line.button, f"name-{number}": line.name}
            form |= {f"keep-{number}": "1"} if line.kept else {}
        shown = browser.submit(f"{address}/menu", **form, preview="1")
        crowded = browser.submit(f"{address}/menu", **(form | {"button-0": "五个字太长"}))
        saved = browser.submit(f"{address}/menu", **form)
        browser.submit(f"{address}/replies", reading=form["reading"], reply="word-0")
        still = stands()
        browser.submit("/console/wechat/menu")
        (old,) = replaced_menus()
        again = browser.get(address).text
        browser.submit(f"{address}/back/{old.number}")

        assert ("还没有读取过" in before, "没有人答复" in read, "值班" in read) == (True, True, True)
        assert (shown.status_code, crowded.status_code, saved.status_code) == (200, 422, 303)
        assert ("“五个字太长”太长" in crowded.text, 'value="五个字太长"' in crowded.text) == (True, True)
        assert (still, stands(), "放回这份菜单" in again) == (THEIRS, THEIRS, True)
        assert [act for _, act, _, _ in recorded()] == [
            "wechat.take_over",
            "options.menu",
            "options.texts",
            "wechat.menu",
            "wechat.menu_back",
        ]

    def test_without_the_right_the_page_says_what_to_do_instead(
        self, world: World, admin: SandboxAdmin, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        living(admin)
        without_rights(world, monkeypatch)
        look(COMMAND_LINE)
        page = Browser(world.app).signed_in_as(make_staff()).get("/console/wechat/takeover").text

        assert ("请在公众号后台" in page, "保存为本系统的菜单" in page) == (True, False)

    def test_a_supervisor_looks_at_the_page_and_changes_nothing(self, app: Flask) -> None:
        browser = Browser(app).signed_in_as(make_staff("jiandu", "示例监督", Role.SUPERVISOR))

        assert browser.get("/console/wechat/takeover").status_code == 200
        assert [
            browser.submit(f"/console/wechat/takeover/{act}").status_code
            for act in ("look", "menu", "replies", "back/1")
        ] == [403] * 4
