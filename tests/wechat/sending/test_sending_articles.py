"""Pictures, drafts and publications: within the limits, once each, and ended by whichever news comes first."""

import io
from collections.abc import Callable
from dataclasses import replace

import pytest
from PIL import Image

from foundation.errors import InvalidInput, NotFound
from tests.wechat.sending.conftest import Platform
from wechat.errors import InvalidArgument, NotPermitted, QuotaReached, Unreachable, WeChatError
from wechat.sending import mass, quotas
from wechat.sending.delivering import OutcomeUnknown
from wechat.sending.drafts import NewsArticle, add_draft, delete_draft, draft_exists
from wechat.sending.ledger import Job, Order, find_job, plan
from wechat.sending.lost_news import ask_for_lost_news
from wechat.sending.media import upload_article_picture, upload_cover, upload_picture
from wechat.sending.publishing import publish, refresh_publication, unpublish

ADD, SUBMIT = "draft/add", "freepublish/submit"
ARTICLE = NewsArticle("十佳公示", "<p>正文</p>", "COVER", source_url="https://vote.example/notices/7")


def picture(form: str = "JPEG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (40, 30), (180, 30, 30)).save(file, form)
    return file.getvalue()


def article(**change: str) -> NewsArticle:
    return replace(ARTICLE, cover=upload_cover(picture()).media_id, **change)


def drafted(key: str = "draft-1") -> str:
    media_id = add_draft(key, [article()]).number
    assert media_id is not None
    return media_id


def test_pictures_go_to_their_three_places(platform: Platform) -> None:
    assert upload_article_picture(picture()).startswith("https://mp.weixin.qq.com/mmbiz/")
    assert upload_article_picture(picture("PNG")) != upload_cover(picture("GIF")).url
    assert upload_picture(picture("GIF"))


@pytest.mark.parametrize(
    ("upload", "content"),
    [
        (upload_article_picture, picture("GIF")),
        (upload_article_picture, picture() + bytes(1 << 20)),
        (upload_cover, b"<svg/>"),
        (upload_cover, picture() + bytes(2 << 20)),
        (upload_picture, picture("BMP")),
        (upload_picture, b""),
    ],
)
def test_a_picture_the_platform_would_refuse_stays_here(
    platform: Platform, upload: Callable[[bytes], object], content: bytes
) -> None:
    with pytest.raises(InvalidInput) as error:
        upload(content)
    assert (error.value.field, platform.world.asked) == ("picture", [])


def test_a_draft_is_kept_once_and_deleted(platform: Platform) -> None:
    one = article()
    job = add_draft("draft-1", [one])
    assert (job.state, add_draft("draft-1", [one]), platform.asked(ADD)) == ("finished", job, 1)
    assert job.number is not None
    assert draft_exists(job.number)
    delete_draft(job.number)
    delete_draft(job.number)
    assert not draft_exists(job.number)


def test_a_draft_of_which_no_answer_came_is_found_again(platform: Platform) -> None:
    one = article()
    platform.fault("reset_after", ADD)
    with pytest.raises(Unreachable):
        add_draft("draft-1", [one])
    job = add_draft("draft-1", [one])
    assert (job.state, job.number is not None, platform.asked(ADD)) == ("finished", True, 1)
    platform.fault("reset_before", ADD)
    with pytest.raises(Unreachable):
        add_draft("draft-2", [replace(one, title="另一份")])
    assert add_draft("draft-2", [replace(one, title="另一份")]).number != job.number
    assert platform.asked(ADD) == 3


LIMITS = [
    ({"title": "示" * 33}, "title"),
    ({"title": " "}, "title"),
    ({"author": "示" * 17}, "author"),
    ({"digest": "示" * 129}, "digest"),
    ({"content": ""}, "content"),
    ({"content": "a" * 20_000}, "content"),
    ({"content": "<p>好</p><script>1</script>"}, "content"),
    ({"content": '<p onclick="1">好</p>'}, "content"),
    ({"content": '<img src="https://elsewhere.example/a.jpg">'}, "content"),
    ({"content": '<img data-src="//elsewhere.example/a.jpg">'}, "content"),
    ({"content": "<p style=\"background:url('https://elsewhere.example/a.jpg')\">好</p>"}, "content"),
    ({"source_url": "https://vote.example/" + "a" * 1024}, "source_url"),
    ({"cover": ""}, "cover"),
]


@pytest.mark.parametrize(("change", "field"), LIMITS)
def test_an_article_beyond_the_limits_is_named_and_not_sent(
    platform: Platform, change: dict[str, str], field: str
) -> None:
    with pytest.raises(InvalidInput) as error:
        add_draft("draft-1", [ARTICLE, replace(ARTICLE, **change)])
    assert (error.value.field, platform.world.asked) == (f"articles.1.{field}", [])


@pytest.mark.parametrize("count", [0, 9])
def test_a_draft_has_one_to_eight_articles(platform: Platform, count: int) -> None:
    with pytest.raises(InvalidInput):
        add_draft("draft-1", [ARTICLE] * count)
    assert platform.world.asked == []


def test_an_article_at_the_limits_is_taken_as_it_is(platform: Platform) -> None:
    platform.order("PATCH", "/accounts/-", public_url=platform.world.platform)
    shown = upload_article_picture(picture())
    body = f'<p>{"示" * 19_000}</p><img src="{shown}">'
    full = article(title="示" * 32, author="示" * 16, digest="示" * 128, content=body)
    assert add_draft("draft-1", [full]).state == "finished"


def published(job: Job) -> tuple[object, ...]:
    return job.state, job.raw, job.article_id is not None, len(job.addresses)


@pytest.mark.parametrize("event", ["PUBLISHJOBFINISH", "MASSSENDJOBFINISH"])
def test_a_draft_is_published_once_and_either_event_ends_the_job(platform: Platform, event: str) -> None:
    platform.order("PATCH", "/accounts/-", publish_event=event)
    media_id = drafted()
    job = publish("pub-1", media_id)
    assert (job.state, job.number is not None) == ("sent", True)
    platform.finish_jobs()
    ended = find_job("pub-1")
    assert (ended.state, len(ended.addresses)) == ("finished", 1)
    assert ended.raw == {"PUBLISHJOBFINISH": "publish_status 0", "MASSSENDJOBFINISH": "send success"}[event]
    assert publish("pub-1", media_id) == ended
    assert (draft_exists(media_id), platform.asked(SUBMIT)) == (False, 1)
    assert quotas.publication_quota().words == "今天还能发布99次"


def test_a_lost_event_is_asked_after(platform: Platform) -> None:
    platform.order("PATCH", "/accounts/-", quiet_events=["PUBLISHJOBFINISH"], job_delay=60.0)
    publish("pub-1", drafted())
    assert refresh_publication("pub-1").state == "sent"
    platform.finish_jobs()
    ended = refresh_publication("pub-1")
    assert published(ended) == ("finished", "publish_status 0", True, 1)
    assert ended.article_id is not None
    unpublish(ended.article_id)
    with pytest.raises(WeChatError):
        unpublish("no such article")


def test_a_publication_of_which_no_answer_came_is_looked_for_and_not_submitted_again(platform: Platform) -> None:
    media_id = drafted()
    platform.fault("reset_after", SUBMIT)
    platform.order("PATCH", "/accounts/-", job_delay=60.0)
    with pytest.raises(Unreachable):
        publish("pub-1", media_id)
    with pytest.raises(Unreachable, match="还不知道"):
        publish("pub-1", media_id)
    platform.finish_jobs()
    assert published(publish("pub-1", media_id)) == ("finished", "publish_status 0", True, 1)
    assert platform.asked(SUBMIT) == 1


def test_what_is_unpublished_after_an_hour_was_not_submitted_and_may_be(platform: Platform) -> None:
    media_id = drafted()
    platform.fault("reset_before", SUBMIT)
    with pytest.raises(Unreachable):
        publish("pub-1", media_id)
    platform.later(hours=1)
    assert refresh_publication("pub-1").was_refused
    assert publish("pub-1", media_id).state == "sent"


def test_a_draft_that_is_gone_and_nowhere_published_is_for_a_person_to_look_at(platform: Platform) -> None:
    media_id = drafted()
    platform.fault("reset_before", SUBMIT)
    with pytest.raises(Unreachable):
        publish("pub-1", media_id)
    delete_draft(media_id)
    platform.later(hours=1)
    with pytest.raises(OutcomeUnknown):
        publish("pub-1", media_id)


def test_what_is_no_draft_is_not_published(platform: Platform) -> None:
    with pytest.raises(InvalidArgument):
        publish("pub-1", "NO SUCH DRAFT")
    with pytest.raises(NotFound):
        find_job("pub-1")
    assert platform.asked(SUBMIT) == 0


def test_there_are_a_hundred_publications_a_day(platform: Platform) -> None:
    media_id = drafted()
    for number in range(100):
        plan(Order(f"pub-{number}", "publication"))
    with pytest.raises(QuotaReached, match="100次发布"):
        publish("pub-100", media_id)
    assert (find_job("pub-100").was_refused, platform.asked(SUBMIT)) == (True, 0)


def test_a_draft_that_is_sent_to_all_is_used_up(platform: Platform) -> None:
    media_id = drafted()
    mass.preview_to("preview-1", mass.MassArticles(media_id), wechat_name="jia")
    assert draft_exists(media_id)
    mass.send_to_all("notice-7", mass.MassArticles(media_id))
    platform.finish_jobs()
    assert (draft_exists(media_id), len(find_job("notice-7").addresses)) == (False, 1)
    assert platform.seen("jia", "mass")[0]["articles"][0]["title"] == "十佳公示"


@pytest.mark.parametrize(
    "act",
    [lambda: add_draft("d", [ARTICLE]), lambda: publish("p", "M"), lambda: upload_cover(b""), lambda: unpublish("A")],
)
def test_what_the_account_may_not_do_is_not_tried(platform: Platform, act: Callable[[], object]) -> None:
    platform.become("sub-unverified")
    with pytest.raises(NotPermitted, match="手工"):
        act()
    assert platform.world.asked == []


def test_news_that_never_came_is_asked_for_after_a_while(platform: Platform) -> None:
    quiet = ["PUBLISHJOBFINISH", "MASSSENDJOBFINISH"]
    platform.order("PATCH", "/accounts/-", quiet_events=quiet)
    publish("pub-1", drafted())
    mass.send_to_all("notice-7", mass.MassText("公示"))
    platform.finish_jobs()
    ask_for_lost_news()
    assert [find_job(key).state for key in ("pub-1", "notice-7")] == ["sent", "sent"]
    platform.later(minutes=10)
    platform.fault("unavailable", "freepublish/get")
    ask_for_lost_news()
    assert [find_job(key).state for key in ("pub-1", "notice-7")] == ["sent", "finished"]
    ask_for_lost_news()
    assert published(find_job("pub-1")) == ("finished", "publish_status 0", True, 1)
    calls = len(platform.world.asked)
    ask_for_lost_news()
    assert len(platform.world.asked) == calls
