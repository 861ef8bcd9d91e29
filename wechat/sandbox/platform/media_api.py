"""Temporary media, permanent material, and pictures for articles."""

import json
from collections.abc import Mapping

from wechat.sandbox.errors import ApiError
from wechat.sandbox.platform.calls import OK, Answer, Call, Endpoint, Raw, page_of, required
from wechat.sandbox.state.account import Account
from wechat.sandbox.state.media import Medium

KINDS = ("image", "voice", "video", "thumb")


def upload(account: Account, call: Call) -> Answer:
    medium = account.media.upload(call.query.get("type", ""), call.upload)
    name = "thumb_media_id" if medium.kind == "thumb" else "media_id"
    return {"type": medium.kind, name: medium.media_id, "created_at": medium.created_at}


def get(account: Account, call: Call) -> Answer | Raw:
    medium = account.media.temporary(required(call.query, "media_id", 41006))
    if medium.kind == "video":
        return {"video_url": f"{account.mp_base}/media/{medium.media_id}"}
    return Raw(medium.data, medium.content_type, medium.media_id)


def upload_picture(account: Account, call: Call) -> Answer:
    return {"url": account.media.upload_picture(call.upload)}


def add_material(account: Account, call: Call) -> Answer:
    described = _description(call)
    title, introduction = str(described.get("title", "")), str(described.get("introduction", ""))
    medium = account.media.add_permanent(_kind(call), call.upload, title, introduction)
    return {"media_id": medium.media_id} | ({"url": medium.url} if medium.url else {})


def get_material(account: Account, call: Call) -> Answer | Raw:
    medium = account.media.permanent(call.body.get("media_id"))
    if medium.kind == "video":
        down_url = f"{account.mp_base}/media/{medium.media_id}"
        return {"title": medium.title, "description": medium.introduction, "down_url": down_url}
    return Raw(medium.data, medium.content_type, medium.media_id)


def delete_material(account: Account, call: Call) -> Answer:
    account.media.delete(call.body.get("media_id"))
    return OK


def count(account: Account, _call: Call) -> Answer:
    counts = {f"{kind}_count": len(account.media.all_permanent(kind)) for kind in ("voice", "video", "image")}
    return {**counts, "news_count": len(account.articles.published())}


def batch_get(account: Account, call: Call) -> Answer:
    kind = call.body.get("type")
    if kind not in ("image", "voice", "video"):
        raise ApiError(40004, "invalid media type")
    material = account.media.all_permanent(str(kind))
    items = [_item(medium) for medium in material[page_of(call.body)]]
    return {"total_count": len(material), "item_count": len(items), "item": items}


def _kind(call: Call) -> str:
    return call.query.get("type") or str(call.body.get("type", ""))


def _description(call: Call) -> Mapping[str, object]:
    try:
        given = json.loads(str(call.body.get("description", "{}")))
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise ApiError(47001, "data format error")
    return given


def _item(medium: Medium) -> dict[str, object]:
    return {
        "media_id": medium.media_id,
        "name": medium.filename,
        "update_time": medium.created_at,
        "url": medium.url,
    }


ENDPOINTS: Mapping[str, Endpoint] = {
    "/cgi-bin/media/upload": Endpoint("POST", upload, "material", takes_file=True),
    "/cgi-bin/media/get": Endpoint("GET", get, "material"),
    "/cgi-bin/media/uploadimg": Endpoint("POST", upload_picture, "material", takes_file=True),
    "/cgi-bin/material/add_material": Endpoint("POST", add_material, "material", takes_file=True),
    "/cgi-bin/material/get_material": Endpoint("POST", get_material, "material"),
    "/cgi-bin/material/del_material": Endpoint("POST", delete_material, "material"),
    "/cgi-bin/material/get_materialcount": Endpoint("GET", count, "material"),
    "/cgi-bin/material/batchget_material": Endpoint("POST", batch_get, "material"),
}
