"""Media and material are kept, drafts checked, articles published, shown and taken back."""

from typing import Any

import pytest
import requests

from .platform import MakePlatform, Platform

JPEG = b"\xff\xd8\xff\xe0" + b"x" * 100
PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 100
MP4 = b"\0\0\0\x20ftypisom" + b"x" * 100
AMR = b"#!AMR\n" + b"x" * 100


def thumb(platform: Platform) -> str:
    return str(platform.upload("/cgi-bin/material/add_material", "t.jpg", JPEG, type="thumb")["media_id"])


def article(platform: Platform, **change: Any) -> dict[str, Any]:
    given = {"title": "公示", "author": "组织一科", "digest": "摘要", "content": "<p>正文</p>"}
    return {**given, "thumb_media_id": thumb(platform), **change}


def draft(platform: Platform, **change: Any) -> str:
    return str(platform.ask("/cgi-bin/draft/add", articles=[article(platform, **change)])["media_id"])


def file(platform: Platform, path: str, **query: str) -> requests.Response:
    query["access_token"] = platform.token()
    return platform.http.get(f"{platform.url}/api{path}", params=query, timeout=5)


def test_a_temporary_file_lives_three_days(platform: Platform) -> None:
    kept = platform.upload("/cgi-bin/media/upload", "a.png", PNG, type="image")
    assert (kept["type"], kept["created_at"]) == ("image", int(platform.clock.now))
    platform.clock.advance(3 * 86_400 - 1)
    found = file(platform, "/cgi-bin/media/get", media_id=kept["media_id"])
    assert (found.content, found.headers["Content-Type"]) == (PNG, "image/png")
    platform.clock.advance(1)
    assert file(platform, "/cgi-bin/media/get", media_id=kept["media_id"]).json()["errcode"] == 40007


def test_a_video_is_given_by_its_address(platform: Platform) -> None:
    kept = platform.upload("/cgi-bin/media/upload", "a.mp4", MP4, type="video")
    url = file(platform, "/cgi-bin/media/get", media_id=kept["media_id"]).json()["video_url"]
    assert url == f"https://mp.weixin.qq.com/media/{kept['media_id']}"
    shown = platform.http.get(f"{platform.url}/mp/media/{kept['media_id']}", timeout=5)
    assert shown.content == MP4


@pytest.mark.parametrize(
    ("kind", "data", "errcode"),
    [
        ("poem", PNG, 40004),
        ("image", b"", 44001),
        ("image", b"<html>", 40005),
        ("image", PNG + b"x" * (2 << 20), 45001),
        ("voice", PNG, 40005),
        ("thumb", PNG, 40005),
        ("thumb", JPEG + b"x" * (64 << 10), 45001),
        ("video", AMR, 40005),
        ("video", MP4 + b"x" * (20 << 20), 45001),
    ],
)
def test_a_file_of_the_wrong_kind_or_size_is_refused(platform: Platform, kind: str, data: bytes, errcode: int) -> None:
    assert platform.upload("/cgi-bin/media/upload", "a.bin", data, type=kind)["errcode"] == errcode


def test_a_call_without_a_file_is_refused(platform: Platform) -> None:
    answer = platform.ask("/cgi-bin/media/upload", nothing=1)
    assert answer["errcode"] in (40004, 41005)


def test_permanent_material_is_listed_fetched_and_deleted(platform: Platform) -> None:
    kept = [platform.upload("/cgi-bin/material/add_material", f"{n}.png", PNG, type="image") for n in range(2)]
    picture = platform.http.get(f"{platform.url}/mp/mmbiz/{kept[0]['url'].rpartition('/')[2]}", timeout=5)
    assert picture.content == PNG
    counted = file(platform, "/cgi-bin/material/get_materialcount").json()
    assert (counted["image_count"], counted["voice_count"], counted["news_count"]) == (2, 0, 0)
    listed = platform.ask("/cgi-bin/material/batchget_material", type="image", offset=0, count=1)
    assert (listed["total_count"], listed["item_count"], listed["item"][0]["name"]) == (2, 1, "1.png")
    assert platform.ask("/cgi-bin/material/del_material", media_id=kept[0]["media_id"])["errcode"] == 0
    assert platform.ask("/cgi-bin/material/get_material", media_id=kept[0]["media_id"])["errcode"] == 40007
    assert platform.ask("/cgi-bin/material/batchget_material", type="image", count=21)["errcode"] == 40097


def test_a_draft_is_kept_changed_and_listed(platform: Platform) -> None:
    media_id = draft(platform)
    assert platform.ask("/cgi-bin/draft/get", media_id=media_id)["news_item"][0]["title"] == "公示"
    changed = {"media_id": media_id, "index": 0, "articles": article(platform, title="更正")}
    assert platform.ask("/cgi-bin/draft/update", **changed)["errcode"] == 0
    assert platform.ask("/cgi-bin/draft/update", **(changed | {"index": 1}))["errcode"] == 40114
    listed = platform.ask("/cgi-bin/draft/batchget", offset=0, count=20, no_content=1)
    [item] = listed["item"]
    assert (item["content"]["news_item"][0]["title"], "content" in item["content"]["news_item"][0]) == ("更正", False)
    assert file(platform, "/cgi-bin/draft/count").json()["total_count"] == 1
    codes = [platform.ask("/cgi-bin/draft/delete", media_id=media_id).get("errcode") for _ in range(2)]
    assert codes == [0, 40007]


def test_scripts_and_foreign_pictures_are_taken_out(platform: Platform) -> None:
    mine = platform.upload("/cgi-bin/media/uploadimg", "a.png", PNG)["url"]
    content = f'<p onclick="x()">甲</p><script>alert(1)</script><img src="{mine}"><img src="http://a.example/b.png">'
    media_id = draft(platform, content=content)
    kept = platform.ask("/cgi-bin/draft/get", media_id=media_id)["news_item"][0]["content"]
    assert kept == f'<p>甲</p><img src="{mine}">'


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"title": ""}, 40009),
        ({"title": "长" * 33}, 45003),
        ({"author": "长" * 17}, 45110),
        ({"digest": "长" * 129}, 45004),
        ({"content": ""}, 44004),
        ({"content": "长" * 20_000}, 45002),
        ({"content_source_url": "http://a.example/" + "u" * 1008}, 45005),
        ({"thumb_media_id": "unknown"}, 40007),
        ({"article_type": "poem"}, 40008),
        ({"article_type": "newspic"}, 40007),
    ],
)
def test_an_article_over_a_limit_is_refused(platform: Platform, change: dict[str, Any], errcode: int) -> None:
    given = [article(platform, **change)]
    assert platform.ask("/cgi-bin/draft/add", articles=given)["errcode"] == errcode
    assert platform.ask("/cgi-bin/draft/add", articles=[])["errcode"] == 45008


def test_pictures_alone_make_an_article_too(platform: Platform) -> None:
    picture = platform.upload("/cgi-bin/material/add_material", "a.png", PNG, type="image")["media_id"]
    info = {"image_list": [{"image_media_id": picture}]}
    assert draft(platform, article_type="newspic", image_info=info)


def test_publishing_takes_its_time_and_uses_up_the_draft(platform: Platform) -> None:
    platform.order("POST", "/clock", freeze=True)
    media_id = draft(platform)
    submitted = platform.ask("/cgi-bin/freepublish/submit", media_id=media_id)
    asked = {"publish_id": submitted["publish_id"]}
    assert platform.ask("/cgi-bin/freepublish/get", **asked)["publish_status"] == 1
    platform.order("POST", "/clock", advance=1)
    done = platform.ask("/cgi-bin/freepublish/get", **asked)
    [item] = done["article_detail"]["item"]
    assert (done["publish_status"], item["idx"], done["fail_idx"]) == (0, 1, [])
    assert platform.ask("/cgi-bin/draft/get", media_id=media_id)["errcode"] == 40007
    [push] = platform.told("PUBLISHJOBFINISH")
    assert item["article_url"] in push.body
    assert f"<publish_id>{submitted['publish_id']}</publish_id><publish_status>0</publish_status>" in push.body
    page = platform.http.get(f"{platform.url}/mp/s/{item['article_url'].rpartition('/')[2]}", timeout=5)
    assert ("<p>正文</p>" in page.text, page.headers["Content-Security-Policy"]) == (True, "script-src 'none'")
    article_id = done["article_id"]
    assert platform.ask("/cgi-bin/freepublish/getarticle", article_id=article_id)["news_item"][0]["title"] == "公示"
    assert platform.ask("/cgi-bin/freepublish/batchget", offset=0, count=1)["total_count"] == 1
    assert platform.ask("/cgi-bin/freepublish/delete", article_id=article_id, index=0)["errcode"] == 0
    assert platform.ask("/cgi-bin/freepublish/get", **asked)["publish_status"] == 5
    assert platform.ask("/cgi-bin/freepublish/getarticle", article_id=article_id)["errcode"] == 53600
    assert platform.http.get(page.url, timeout=5).status_code == 404


def test_some_accounts_tell_of_publishing_by_the_event_of_mass_sending(make_platform: MakePlatform) -> None:
    platform = make_platform(publish_event="MASSSENDJOBFINISH")
    submitted = platform.ask("/cgi-bin/freepublish/submit", media_id=draft(platform))
    platform.run_jobs()
    assert [push.fields["MsgID"] for push in platform.told("MASSSENDJOBFINISH")] == [submitted["publish_id"]]


def test_a_sent_draft_comes_as_articles_that_can_be_read(make_platform: MakePlatform) -> None:
    platform = make_platform(capabilities="sub-verified-gov", public_url="http://127.0.0.1:9")
    media_id = draft(platform)
    sending = {"filter": {"is_to_all": True}, "mpnews": {"media_id": media_id}, "msgtype": "mpnews"}
    platform.ask("/cgi-bin/message/mass/sendall", **sending)
    platform.run_jobs()
    [line] = platform.seen("jia", "mass")
    [shown] = line["articles"]
    assert (shown["title"], shown["url"].startswith("http://127.0.0.1:9/mp/s/")) == ("公示", True)
    assert shown["url"] in platform.told("MASSSENDJOBFINISH")[0].body
    assert platform.ask("/cgi-bin/draft/get", media_id=media_id)["errcode"] == 40007


def test_customer_messages_may_be_of_many_kinds(platform: Platform) -> None:
    platform.done("jia", "text", content="投票")
    image = platform.upload("/cgi-bin/media/upload", "a.png", PNG, type="image")["media_id"]
    news = {"articles": [{"title": "公示", "url": "http://vote.example.org/"}]}
    menu = {"head_content": "满意吗", "list": [{"id": "1", "content": "满意"}], "tail_content": "谢谢"}
    parts: dict[str, Any] = {"image": {"media_id": image}, "news": news, "msgmenu": menu}
    for kind, part in parts.items():
        body = {"touser": platform.openid("jia"), "msgtype": kind, kind: part}
        assert platform.ask("/cgi-bin/message/custom/send", **body)["errcode"] == 0
    shown = platform.seen("jia", "custom")
    assert [line["text"] for line in shown] == ["[图片]", "", "满意吗\n满意\n谢谢"]
    assert (shown[0]["picture"].endswith(image), shown[1]["links"]) == (True, ["http://vote.example.org/"])
    two = {"touser": platform.openid("jia"), "msgtype": "news", "news": {"articles": news["articles"] * 2}}
    assert platform.ask("/cgi-bin/message/custom/send", **two)["errcode"] == 45008


def test_a_button_may_send_material_by_itself(platform: Platform) -> None:
    picture = platform.upload("/cgi-bin/material/add_material", "a.png", PNG, type="image")
    button = {"type": "media_id", "name": "图", "media_id": picture["media_id"]}
    platform.ask("/cgi-bin/menu/create", button=[button])
    done = platform.done("jia", "press", name="图")
    assert (done["push"], done["lines"][0]["picture"]) == (None, picture["url"])
