"""Drafts and publishing."""

from collections.abc import Mapping

from wechat.sandbox.engine.sending import publish_soon
from wechat.sandbox.platform.calls import OK, Answer, Call, Endpoint, page_of, whole_number
from wechat.sandbox.state.account import Account
from wechat.sandbox.state.articles import Bundle, Publication


def add(account: Account, call: Call) -> Answer:
    return {"media_id": account.articles.add(call.body.get("articles")).media_id}


def get(account: Account, call: Call) -> Answer:
    return {"news_item": _items(account.articles.draft(call.body.get("media_id")))}


def update(account: Account, call: Call) -> Answer:
    account.articles.update(call.body.get("media_id"), call.body.get("index"), call.body.get("articles"))
    return OK


def delete(account: Account, call: Call) -> Answer:
    account.articles.delete(call.body.get("media_id"))
    return OK


def count(account: Account, _call: Call) -> Answer:
    return {"total_count": len(account.articles.drafts())}


def batch_get(account: Account, call: Call) -> Answer:
    drafts = account.articles.drafts()
    page = drafts[page_of(call.body)]
    bare = call.body.get("no_content") == 1
    items = [{"media_id": one.media_id, "content": _content(one, bare), "update_time": one.updated_at} for one in page]
    return {"total_count": len(drafts), "item_count": len(items), "item": items}


def submit(account: Account, call: Call) -> Answer:
    publication = account.articles.submit(call.body.get("media_id"))
    publish_soon(account, publication)
    return {**OK, "publish_id": publication.publish_id, "msg_data_id": int(publication.publish_id)}


def publish_status(account: Account, call: Call) -> Answer:
    publication = account.articles.publication(call.body.get("publish_id"))
    told: dict[str, object] = {
        "publish_id": publication.publish_id,
        "publish_status": publication.status,
        "fail_idx": [] if publication.status in (0, 1) else [1],
    }
    return told | (_detail(publication) if publication.article_id else {})


def get_article(account: Account, call: Call) -> Answer:
    return {"news_item": _items(account.articles.by_article_id(call.body.get("article_id")).bundle)}


def batch_get_published(account: Account, call: Call) -> Answer:
    published = account.articles.published()
    page = published[page_of(call.body)]
    bare = call.body.get("no_content") == 1
    items = [
        {
            "article_id": one.article_id,
            "content": _content(one.bundle, bare),
            "update_time": one.bundle.updated_at,
        }
        for one in page
    ]
    return {"total_count": len(published), "item_count": len(items), "item": items}


def unpublish(account: Account, call: Call) -> Answer:
    account.articles.unpublish(call.body.get("article_id"), whole_number(call.body, "index", 0))
    return OK


def _detail(publication: Publication) -> dict[str, object]:
    items = [{"idx": place, "article_url": one.url} for place, one in enumerate(publication.bundle.articles, 1)]
    return {"article_id": publication.article_id, "article_detail": {"count": len(items), "item": items}}


def _content(bundle: Bundle, bare: bool) -> dict[str, object]:
    items = _items(bundle)
    if bare:
        items = [{name: value for name, value in item.items() if name != "content"} for item in items]
    return {"news_item": items, "create_time": bundle.updated_at, "update_time": bundle.updated_at}


def _items(bundle: Bundle) -> list[dict[str, object]]:
    return [{**one.fields, "url": one.url, "is_deleted": one.deleted} for one in bundle.articles]


ENDPOINTS: Mapping[str, Endpoint] = {
    "/cgi-bin/draft/add": Endpoint("POST", add, "draft"),
    "/cgi-bin/draft/get": Endpoint("POST", get, "draft"),
    "/cgi-bin/draft/update": Endpoint("POST", update, "draft"),
    "/cgi-bin/draft/delete": Endpoint("POST", delete, "draft"),
    "/cgi-bin/draft/count": Endpoint("GET", count, "draft"),
    "/cgi-bin/draft/batchget": Endpoint("POST", batch_get, "draft"),
    "/cgi-bin/freepublish/submit": Endpoint("POST", submit, "draft"),
    "/cgi-bin/freepublish/get": Endpoint("POST", publish_status, "draft"),
    "/cgi-bin/freepublish/getarticle": Endpoint("POST", get_article, "draft"),
    "/cgi-bin/freepublish/batchget": Endpoint("POST", batch_get_published, "draft"),
    "/cgi-bin/freepublish/delete": Endpoint("POST", unpublish, "draft"),
}
