"""The article of a push, laid among the account's drafts: to be looked at, sent or published from there."""

from foundation.errors import NotFound
from publicity.notices.reading import NoticePage
from publicity.pushes.article import article_of
from publicity.pushes.contents import Content
from publicity.pushes.covers import cover_picture
from wechat.account import current_account
from wechat.sending.drafts import NewsArticle, add_draft
from wechat.sending.ledger import Job, find_job
from wechat.sending.media import upload_cover


def lay_article(key: str, page: NoticePage, content: Content) -> Job:
    """Keep the article as a draft once under `key`; the job's `number` is the media_id to send or publish it by.

    Not to be called inside a transaction. Raises InvalidInput, WeChatError; after Unreachable the same key goes on.
    """
    done = _laid(key)
    if done is not None:
        return done
    site = current_account().site
    article = NewsArticle(
        title=content["title"],
        content=article_of(page, content, site),
        cover=upload_cover(cover_picture(content["cover"])).media_id,
        author=content["author"],
        digest=content["digest"],
        source_url=site + page.head.path,
    )
    return add_draft(key, [article])


def _laid(key: str) -> Job | None:
    try:
        job = find_job(key)
    except NotFound:
        return None
    return job if job.state == "finished" else None
