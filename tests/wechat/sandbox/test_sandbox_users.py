"""The API tells who follows, page by page, and nothing of those who do not."""

from .platform import MakePlatform, Platform

CAST = ["jia", "yi", "bing", "ding"]


def test_the_list_goes_page_by_page_until_an_empty_one(make_platform: MakePlatform) -> None:
    platform = make_platform(user_page=3)
    everyone = [platform.openid(key) for key in CAST]
    token = platform.token()
    first = platform.get("/cgi-bin/user/get", access_token=token)
    second = platform.get("/cgi-bin/user/get", access_token=token, next_openid=first["next_openid"])
    last = platform.get("/cgi-bin/user/get", access_token=token, next_openid=second["next_openid"])
    assert [
        (page["total"], page["count"], page.get("data"), page["next_openid"]) for page in (first, second, last)
    ] == [
        (4, 3, {"openid": everyone[:3]}, everyone[2]),
        (4, 1, {"openid": everyone[3:]}, everyone[3]),
        (4, 0, None, ""),
    ]
    assert platform.get("/cgi-bin/user/get", access_token=token, next_openid="oNobody")["errcode"] == 40003


def test_a_follower_is_described_without_a_name_and_others_hardly_at_all(platform: Platform) -> None:
    token, jia, wu = platform.token(), platform.openid("jia"), platform.openid("wu")
    info = platform.get("/cgi-bin/user/info", access_token=token, openid=jia)
    assert (info["subscribe"], info["openid"], info["nickname"], info["sex"]) == (1, jia, "", 0)
    stranger = platform.get("/cgi-bin/user/info", access_token=token, openid=wu)
    stranger.pop("sandbox_rid")
    assert stranger == {"subscribe": 0, "openid": wu}
    assert platform.get("/cgi-bin/user/info", access_token=token, openid="oNobody")["errcode"] == 40003


def test_a_batch_describes_up_to_a_hundred(platform: Platform) -> None:
    token, jia, wu = platform.token(), platform.openid("jia"), platform.openid("wu")
    batch = platform.post(
        "/cgi-bin/user/info/batchget",
        {"user_list": [{"openid": jia}, {"openid": wu, "lang": "zh_CN"}]},
        access_token=token,
    )
    assert [(user["openid"], user["subscribe"]) for user in batch["user_info_list"]] == [(jia, 1), (wu, 0)]
    many = platform.post("/cgi-bin/user/info/batchget", {"user_list": [{"openid": jia}] * 101}, access_token=token)
    assert many["errcode"] == 40032


def test_leaving_and_coming_back_changes_the_list(platform: Platform) -> None:
    token, jia = platform.token(), platform.openid("jia")
    platform.done("jia", "unfollow")
    assert platform.get("/cgi-bin/user/info", access_token=token, openid=jia)["subscribe"] == 0
    platform.done("jia", "follow")
    info = platform.get("/cgi-bin/user/info", access_token=token, openid=jia)
    assert (info["subscribe"], info["subscribe_time"]) == (1, int(platform.clock.now))


def test_openids_look_real_differ_between_accounts_and_survive_a_restart(make_platform: MakePlatform) -> None:
    first, restarted, other = make_platform(), make_platform(), make_platform(appid="wxother")
    openids = [first.openid(key) for key in [*CAST, "wu"]]
    assert [restarted.openid(key) for key in [*CAST, "wu"]] == openids
    assert len(set(openids)) == 5
    assert all(len(openid) == 28 and openid.startswith("o") for openid in openids)
    assert other.openid("jia") not in openids
