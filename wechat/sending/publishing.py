"""Publishing a draft: it stands under an address, followers are not told. An event or a question ends the job."""

from datetime import timedelta

from foundation.clock import database_now
from foundation.errors import NotFound
from foundation.transaction import transaction
from wechat.account import Account
from wechat.client import Answer
from wechat.errors import Unreachable
from wechat.sending.delivering import OutcomeUnknown, asked_first, make_call
from wechat.sending.drafts import draft_exists, fingerprint, latest_with
from wechat.sending.ledger import Ending, Job, Order, find_job, note_article, note_ended, note_refused, plan
from wechat.sending.permission import permitted
from wechat.sending.quotas import need_publication_quota

PUBLISHED, PUBLISHING = 0, 1
STATUS_WORDS = {
    PUBLISHED: "已发布",
    PUBLISHING: "正在发布",
    2: "没有通过原创审核",
    3: "发布失败",
    4: "没有通过平台审核",
    5: "已被删除",
    6: "已被封禁",
}
GIVEN_UP_AFTER = timedelta(hours=1)


def publish(key: str, media_id: str) -> Job:
    """Publish a draft once, however often it is called with `key`; the job ends when the platform says so.

    Not to be called inside a transaction. The platform knows no id of ours here, so after Unreachable the same key asks
    what became of the draft, and submits it again only when an hour later it is still unpublished. Raises QuotaReached,
    InvalidArgument where there is no such draft, WeChatError, OutcomeUnknown.
    """
    account = permitted("draft")
    order = Order(key, "publication", media_id=media_id, fingerprint=_fingerprint(account, key, media_id))
    job, mine = plan(order)
    if job.state != "planned":
        return job
    if not mine:
        return _find_out(account, job)

    def call() -> Answer:
        return account.client.write("freepublish/submit", {"media_id": media_id})

    asked_first(key, need_publication_quota)
    return make_call(order, call)


def refresh_publication(key: str) -> Job:
    """Ask the platform how a publication stands, in case its event was lost or did not name the article.

    Raises NotFound, WeChatError, OutcomeUnknown.
    """
    account, job = permitted("draft"), find_job(key)
    if job.state == "planned":
        return _find_out(account, job)
    if job.number is None or job.state == "failed" or job.article_id is not None:
        return job
    answer = account.client.read("freepublish/get", data={"publish_id": job.number})
    status = answer.get("publish_status")
    if not isinstance(status, int) or status == PUBLISHING:
        return job
    article_id, addresses = str(answer.get("article_id") or ""), _addresses(answer)
    if job.state == "sent":
        return note_ended(key, _ending(status, article_id, addresses))
    return note_article(key, article_id, addresses) if article_id else job


def unpublish(article_id: str, place: int = 0) -> None:
    """Delete a published article (counted from 1), or with 0 all that were published together. Raises WeChatError."""
    permitted("draft").client.write("freepublish/delete", {"article_id": article_id, "index": place})


def _fingerprint(account: Account, key: str, media_id: str) -> str:
    """Return by what the draft is known again once it is gone."""
    try:
        job = find_job(key)
    except NotFound:
        job = None
    if job is not None and not job.was_refused:
        return job.fingerprint
    answer = account.client.read("draft/get", data={"media_id": media_id})
    return fingerprint(answer.get("news_item") or ())


def _find_out(account: Account, job: Job) -> Job:
    """Look what became of a draft of whose publication no answer came."""
    found = latest_with(account, "freepublish/batchget", job.fingerprint, job.planned_at)
    if found is not None:
        item, articles = found
        addresses = tuple(str(article.get("url") or "") for article in articles)
        return note_ended(job.key, _ending(PUBLISHED, str(item.get("article_id") or ""), addresses))
    with transaction() as session:
        if database_now(session) - job.planned_at < GIVEN_UP_AFTER:
            raise Unreachable("还不知道有没有发布，请过一会儿再看。")
    if not draft_exists(job.media_id):
        raise OutcomeUnknown
    note_refused(job.key, "not published")
    return find_job(job.key)


def _ending(status: int, article_id: str, addresses: tuple[str, ...]) -> Ending:
    return Ending(
        "finished" if status == PUBLISHED else "failed",
        f"publish_status {status}",
        article_id=article_id or None,
        addresses=addresses,
    )


def _addresses(answer: Answer) -> tuple[str, ...]:
    items = (answer.get("article_detail") or {}).get("item") or ()
    return tuple(str(item.get("article_url") or "") for item in items)
