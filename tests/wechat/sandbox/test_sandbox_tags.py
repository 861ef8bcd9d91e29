"""Tags, remarks, the blacklist, and menus that only some people see."""

from typing import Any

import pytest

from .platform import Platform

PLAIN = {"type": "click", "name": "我的", "key": "MINE"}
SPECIAL = {"type": "view", "name": "党员专区", "url": "http://vote.example.org/members"}


def tag(platform: Platform, name: str, *people: str) -> int:
    number = int(platform.ask("/cgi-bin/tags/create", tag={"name": name})["tag"]["id"])
    if people:
        openids = [platform.openid(one) for one in people]
        answer = platform.ask("/cgi-bin/tags/members/batchtagging", openid_list=openids, tagid=number)
        assert answer["errcode"] == 0
    return number


def test_tags_are_made_renamed_counted_and_deleted(platform: Platform) -> None:
    number = tag(platform, "党员", "jia", "yi")
    platform.ask("/cgi-bin/tags/update", tag={"id": number, "name": "老党员"})
    assert platform.get("/cgi-bin/tags/get", access_token=platform.token())["tags"] == [
        {"id": 2, "name": "星标组", "count": 0},
        {"id": number, "name": "老党员", "count": 2},
    ]
    members = platform.ask("/cgi-bin/user/tag/get", tagid=number)
    assert members["data"]["openid"] == [platform.openid("jia"), platform.openid("yi")]
    assert platform.ask("/cgi-bin/user/tag/get", tagid=number, next_openid=platform.openid("yi"))["count"] == 0
    platform.ask("/cgi-bin/tags/members/batchuntagging", openid_list=[platform.openid("yi")], tagid=number)
    assert platform.ask("/cgi-bin/tags/getidlist", openid=platform.openid("jia"))["tagid_list"] == [number]
    platform.ask("/cgi-bin/tags/delete", tag={"id": number})
    assert platform.ask("/cgi-bin/tags/getidlist", openid=platform.openid("jia"))["tagid_list"] == []


@pytest.mark.parametrize(
    ("path", "body", "errcode"),
    [
        ("/cgi-bin/tags/create", {"tag": {"name": "星标组"}}, 45157),
        ("/cgi-bin/tags/create", {"tag": {"name": "长" * 31}}, 45158),
        ("/cgi-bin/tags/update", {"tag": {"id": 2, "name": "x"}}, 45058),
        ("/cgi-bin/tags/delete", {"tag": {"id": 999}}, 45159),
        ("/cgi-bin/user/tag/get", {"tagid": 999}, 45159),
        ("/cgi-bin/tags/members/batchtagging", {"tagid": 2, "openid_list": []}, 40032),
        ("/cgi-bin/tags/members/batchtagging", {"tagid": 2, "openid_list": ["oNobody"]}, 40003),
        ("/cgi-bin/tags/members/batchtagging", {"tagid": 999, "openid_list": ["oNobody"]}, 45159),
    ],
)
def test_what_cannot_be_tagged_is_refused(platform: Platform, path: str, body: dict[str, Any], errcode: int) -> None:
    assert platform.ask(path, **body)["errcode"] == errcode


def test_there_are_limits_to_tags_and_to_tags_per_person(platform: Platform) -> None:
    numbers = [tag(platform, f"标签{number}") for number in range(99)]
    assert platform.ask("/cgi-bin/tags/create", tag={"name": "一百零一"})["errcode"] == 45056
    jia, wu = [platform.openid("jia")], [platform.openid("wu")]
    for number in numbers[:20]:
        platform.ask("/cgi-bin/tags/members/batchtagging", openid_list=jia, tagid=number)
    refused = platform.ask("/cgi-bin/tags/members/batchtagging", openid_list=jia, tagid=numbers[20])
    assert refused["errcode"] == 45059
    assert platform.ask("/cgi-bin/tags/members/batchtagging", openid_list=wu, tagid=2)["errcode"] == 49003


def test_remarks_and_tags_are_told_and_lost_by_leaving(platform: Platform) -> None:
    number, openid = tag(platform, "党员", "jia"), platform.openid("jia")
    platform.ask("/cgi-bin/user/info/updateremark", openid=openid, remark="示例")
    asked = {"access_token": platform.token(), "openid": openid}
    info = platform.get("/cgi-bin/user/info", **asked)
    assert (info["remark"], info["tagid_list"], info["groupid"]) == ("示例", [number], number)
    assert platform.ask("/cgi-bin/user/info/updateremark", openid=openid, remark="长" * 30)["errcode"] == 45012
    platform.done("jia", "unfollow")
    platform.done("jia", "scan", scene="7")
    info = platform.get("/cgi-bin/user/info", **asked)
    assert (info["remark"], info["tagid_list"]) == ("", [])
    assert (info["subscribe_scene"], info["qr_scene"], info["qr_scene_str"]) == ("ADD_SCENE_QR_CODE", 7, "")


def test_the_blacklist_is_kept_page_by_page(platform: Platform) -> None:
    openids = [platform.openid("jia"), platform.openid("yi")]
    platform.ask("/cgi-bin/tags/members/batchblacklist", openid_list=openids)
    assert platform.ask("/cgi-bin/tags/members/getblacklist", begin_openid="")["data"]["openid"] == openids
    assert platform.ask("/cgi-bin/tags/members/getblacklist", begin_openid=openids[0])["count"] == 1
    platform.ask("/cgi-bin/tags/members/batchunblacklist", openid_list=openids[:1])
    assert platform.ask("/cgi-bin/tags/members/getblacklist", begin_openid="")["total"] == 1
    many = platform.ask("/cgi-bin/tags/members/batchblacklist", openid_list=openids * 11)
    assert many["errcode"] == 40032


def test_a_menu_for_some_is_seen_by_them_alone(platform: Platform) -> None:
    number = tag(platform, "党员", "jia")
    rule = {"tag_id": str(number)}
    asked = {"button": [SPECIAL], "matchrule": rule}
    assert platform.ask("/cgi-bin/menu/addconditional", **asked)["errcode"] == 65303
    platform.ask("/cgi-bin/menu/create", button=[PLAIN])
    menuid = platform.ask("/cgi-bin/menu/addconditional", **asked)["menuid"]
    matched = {
        who: platform.ask("/cgi-bin/menu/trymatch", user_id=platform.openid(who))["button"][0]["name"]
        for who in ("jia", "yi")
    }
    assert matched == {"jia": "党员专区", "yi": "我的"}
    assert "党员专区" in platform.http.get(f"{platform.url}/phone/jia/", timeout=5).text
    platform.done("jia", "view", url=SPECIAL["url"])
    assert platform.backend.pushes[-1].fields["MenuId"] == menuid
    shown = platform.get("/cgi-bin/menu/get", access_token=platform.token())["conditionalmenu"]
    assert [(one["menuid"], one["matchrule"]) for one in shown] == [(int(menuid), rule)]
    assert platform.ask("/cgi-bin/menu/delconditional", menuid=menuid)["errcode"] == 0
    assert platform.ask("/cgi-bin/menu/delconditional", menuid=menuid)["errcode"] == 65301


def test_deleting_the_menu_deletes_those_for_some(platform: Platform) -> None:
    platform.ask("/cgi-bin/menu/create", button=[PLAIN])
    platform.ask("/cgi-bin/menu/addconditional", button=[SPECIAL], matchrule={"client_platform_type": "2"})
    platform.get("/cgi-bin/menu/delete", access_token=platform.token())
    assert platform.ask("/cgi-bin/menu/trymatch", user_id=platform.openid("jia"))["button"] == []


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({"matchrule": {}}, 65304),
        ({"matchrule": {"sex": "1"}}, 65304),
        ({"matchrule": {"tag_id": "999"}}, 45159),
        ({"matchrule": {"language": "zh_CN"}, "button": []}, 40017),
    ],
)
def test_a_menu_for_nobody_is_refused(platform: Platform, body: dict[str, Any], errcode: int) -> None:
    platform.ask("/cgi-bin/menu/create", button=[PLAIN])
    assert platform.ask("/cgi-bin/menu/addconditional", **({"button": [SPECIAL]} | body))["errcode"] == errcode


def test_trymatch_needs_somebody(platform: Platform) -> None:
    assert platform.ask("/cgi-bin/menu/trymatch", user_id="oNobody")["errcode"] == 65302


@pytest.mark.parametrize(
    ("kind", "field", "event", "part"),
    [
        ("scancode_push", "key", "scancode_push", "<ScanResult><![CDATA[十]]></ScanResult>"),
        ("scancode_waitmsg", "key", "scancode_waitmsg", "<ScanCodeInfo>"),
        ("pic_sysphoto", "key", "pic_sysphoto", "<SendPicsInfo><Count>1</Count>"),
        ("location_select", "key", "location_select", "<Label><![CDATA[十]]></Label>"),
        ("miniprogram", "pagepath", "view_miniprogram", "<EventKey><![CDATA[K]]></EventKey>"),
        ("click", "key", "CLICK", "<EventKey><![CDATA[K]]></EventKey>"),
    ],
)
def test_every_kind_of_button_can_be_pressed(platform: Platform, kind: str, field: str, event: str, part: str) -> None:
    button = {"type": kind, "name": "按", field: "K", "appid": "wx1", "url": "http://vote.example.org/"}
    assert platform.ask("/cgi-bin/menu/create", button=[button])["errcode"] == 0
    platform.done("jia", "press", name="按", result="十")
    [push] = platform.backend.pushes
    assert (push.fields["Event"], part in push.body) == (event, True)
    assert platform.act("jia", "press", name="无").status_code == 404


@pytest.mark.parametrize("kind", ["image", "voice", "video", "shortvideo", "location", "link"])
def test_messages_of_every_kind_are_pushed(platform: Platform, kind: str) -> None:
    fields = {"MediaId": "m", "Label": "焦作", "Url": "http://a.example/"}
    platform.done("jia", "message", kind=kind, **fields)
    [push] = platform.backend.pushes
    assert push.fields["MsgType"] == kind
    assert push.fields["MsgId"].isdigit()
    assert platform.act("jia", "message", kind="poem").json()["error"] == "kind"


def test_where_somebody_is_comes_to_accounts_with_the_right(platform: Platform) -> None:
    platform.done("jia", "location", latitude="35.2")
    assert platform.told("LOCATION")[0].fields["Latitude"] == "35.2"
    platform.order("PATCH", "/accounts/-", capabilities="sub-verified")
    assert platform.act("jia", "location").status_code == 409
