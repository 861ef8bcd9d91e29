"""Tags are made and given in lots; what the platform refuses is told in a sentence, and for whom."""

import pytest
from flask import Flask

from foundation.errors import AppError, Conflict, InvalidInput, NotAllowed
from staff.actors import COMMAND_LINE
from staff.roles import Role
from tests.staff.factories_staff import Browser, make_staff, recorded
from tests.wechat.admin_of_sandbox import SandboxAdmin
from tests.wechat.conftest import UseAccount, World
from wechat.following.tags import (
    TEST_TAG,
    Tag,
    Tagged,
    Untaggable,
    create_tag,
    delete_tag,
    list_tags,
    make_test_tag,
    rename_tag,
    tag_followers,
    tagged,
    untag_followers,
)

STAR = Tag(2, "星标组")
TAG = "/cgi-bin/tags/members/batchtagging"


def test_tags_are_made_renamed_and_deleted(world: World) -> None:
    made = create_tag("  示例 委员 ", COMMAND_LINE)
    rename_tag(made.number, "示例代表", COMMAND_LINE)
    there = list_tags()
    delete_tag(made.number, COMMAND_LINE)

    assert (made, there, list_tags()) == (Tag(100, "示例 委员"), (STAR, Tag(100, "示例代表")), (STAR,))
    assert [(act, thing, result) for _, act, thing, result in recorded()] == [
        ("wechat.tags", "标签“示例 委员”", "done"),
        ("wechat.tags", "标签100：“示例代表”", "done"),
        ("wechat.tags", "标签100", "done"),
    ]


def test_the_tag_for_previews_is_made_once(world: World) -> None:
    assert make_test_tag(COMMAND_LINE) == make_test_tag(COMMAND_LINE) == Tag(100, TEST_TAG)


def test_names_that_the_platform_would_refuse_are_not_sent(world: World, admin: SandboxAdmin) -> None:
    for name in ("", "长" * 31):
        with pytest.raises(InvalidInput, match="最多30个字"):
            create_tag(name, COMMAND_LINE)

    assert admin.calls("/cgi-bin/tags/create") == []


@pytest.mark.parametrize(
    ("errcode", "kind", "sentence"),
    [
        (45157, InvalidInput, "已经有同名的标签，请换一个名称。"),
        (45158, InvalidInput, "标签名称太长，最多30个字。"),
        (45056, Conflict, "公众号最多建100个标签，已经满了。请先删去不用的。"),
    ],
)
def test_why_a_tag_is_not_made(
    world: World, admin: SandboxAdmin, errcode: int, kind: type[AppError], sentence: str
) -> None:
    if errcode == 45157:
        create_tag("示例", COMMAND_LINE)
    elif errcode == 45056:
        for number in range(99):
            admin.account.tags.create(f"示例{number}号")
    else:
        admin.fault("errcode", "/cgi-bin/tags/create", errcode=errcode)

    with pytest.raises(kind) as caught:
        create_tag("示例", COMMAND_LINE)

    assert caught.value.message == sentence
    assert recorded()[-1][3] == "refused"


def test_why_a_tag_stays(world: World, admin: SandboxAdmin) -> None:
    with pytest.raises(Conflict, match="微信自带"):
        rename_tag(2, "示例", COMMAND_LINE)
    with pytest.raises(Conflict, match="微信自带"):
        delete_tag(0, COMMAND_LINE)
    with pytest.raises(Conflict, match="没有这个标签"):
        delete_tag(100, COMMAND_LINE)
    admin.fault("errcode", "/cgi-bin/tags/delete", errcode=45057)
    with pytest.raises(Conflict, match="超过10万人"):
        delete_tag(100, COMMAND_LINE)


def test_people_get_their_tag_fifty_at_a_time(world: World, admin: SandboxAdmin) -> None:
    admin.order("POST", "/accounts/-/followers", count=116)
    people = admin.openids()
    number = create_tag("示例", COMMAND_LINE).number

    given = tag_followers(number, people)
    there = list(tagged(number))
    taken = untag_followers(number, people[:60])

    assert (given, sorted(there)) == (Tagged(120), sorted(people))
    assert (taken, sorted(tagged(number))) == (Tagged(60), sorted(people[60:]))
    assert admin.calls(TAG) == [0, 0, 0]


def test_the_tagged_are_read_over_pages(world: World, admin: SandboxAdmin) -> None:
    admin.change(user_page=3)
    number = create_tag("示例", COMMAND_LINE).number
    tag_followers(number, admin.openids())

    assert sorted(tagged(number)) == sorted(admin.openids())


def test_for_one_who_cannot_be_tagged_the_others_do_not_suffer(world: World, admin: SandboxAdmin) -> None:
    people, stranger = admin.openids(), world.openid("wu")
    full = admin.account.followers.get("jia")
    full.tags = tuple(range(200, 220))
    number = create_tag("示例", COMMAND_LINE).number

    outcome = tag_followers(number, [*people, stranger, "oNobody"])

    assert outcome == Tagged(
        3,
        (
            Untaggable(full.openid, "这个人已经有20个标签，不能再加。"),
            Untaggable(stranger, "这个人没有关注公众号，不能打标签。"),
            Untaggable("oNobody", "这不是本公众号关注者的编号。"),
        ),
    )
    assert len(list(tagged(number))) == 3


def test_a_tag_that_is_gone_is_said_so(world: World, admin: SandboxAdmin) -> None:
    with pytest.raises(Conflict, match="没有这个标签"):
        tag_followers(100, admin.openids())
    with pytest.raises(Conflict, match="没有这个标签"):
        list(tagged(100))


def test_without_the_right_there_are_no_tags(use_account: UseAccount) -> None:
    use_account(wechat_capabilities="sub-unverified")

    with pytest.raises(NotAllowed):
        list_tags()


class TestConsole:
    def test_a_tag_is_made_renamed_and_deleted_on_the_page(self, world: World) -> None:
        browser = Browser(world.app).signed_in_as(make_staff())
        browser.submit("/console/wechat/tags", name="示例委员")
        made = browser.get("/console/wechat/tags").text + browser.get("/console/wechat/tags/list").text
        browser.submit("/console/wechat/tags/100/name", name="示例代表")
        renamed = browser.get("/console/wechat/tags/list").text
        browser.submit("/console/wechat/tags/100/delete")
        browser.submit("/console/wechat/tags/test")
        ended = browser.get("/console/wechat/tags/list").text

        assert ("标签“示例委员”已建好。" in made, "建“测试”标签" in made) == (True, True)
        assert ("示例代表" in renamed, "示例委员" in renamed) == (True, False)
        assert ("示例代表" in ended, "预览用" in ended) == (False, True)

    def test_what_was_typed_stays_where_it_was_refused(self, world: World) -> None:
        browser = Browser(world.app).signed_in_as(make_staff())
        answer = browser.submit("/console/wechat/tags", name="星标组")
        page = browser.get(answer.location).text

        assert ("已经有同名的标签" in page, 'value="星标组"' in page) == (True, True)

    def test_while_the_platform_is_away_the_list_says_so(self, world: World, admin: SandboxAdmin) -> None:
        admin.fault("html", "/cgi-bin/tags/get")
        page = Browser(world.app).signed_in_as(make_staff()).get("/console/wechat/tags/list").text

        assert ("没有读到" in page, "再读一次" in page) == (True, True)

    def test_without_the_right_the_page_says_what_holds_instead(self, app: Flask, use_account: UseAccount) -> None:
        use_account(wechat_capabilities="sub-unverified")
        page = Browser(app).signed_in_as(make_staff()).get("/console/wechat/tags").text

        assert ("不能用标签" in page, "新建标签" in page) == (True, False)

    def test_a_supervisor_looks_and_changes_nothing(self, world: World) -> None:
        browser = Browser(world.app).signed_in_as(make_staff("jiandu", "示例监督", Role.SUPERVISOR))

        assert "新建标签" not in browser.get("/console/wechat/tags").text
        assert browser.submit("/console/wechat/tags", name="示例").status_code == 403
