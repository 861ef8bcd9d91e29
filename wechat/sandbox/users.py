"""The account's followers as the API shows them."""

from wechat.sandbox.account import Account
from wechat.sandbox.errors import ApiError
from wechat.sandbox.followers import Follower

BATCH = 100


def list_openids(account: Account, next_openid: str) -> dict[str, object]:
    """One page of user/get: those after next_openid; the last, empty page has no data and an empty next_openid."""
    openids = [follower.openid for follower in account.followers.following()]
    start = _place_after(openids, next_openid)
    page = openids[start : start + account.config.user_page]
    answer: dict[str, object] = {"total": len(openids), "count": len(page)}
    return answer | ({"data": {"openid": page}, "next_openid": page[-1]} if page else {"next_openid": ""})


def describe(account: Account, openid: object, lang: object = "zh_CN") -> dict[str, object]:
    """The answer of user/info; one who does not follow has nothing but subscribe 0 and the openid."""
    follower = account.followers.by_openid(openid) if isinstance(openid, str) else None
    if follower is None:
        raise ApiError(40003, "invalid openid")
    if not follower.following:
        return {"subscribe": 0, "openid": follower.openid}
    return _following(follower, str(lang or "zh_CN"))


def describe_many(account: Account, user_list: object) -> dict[str, object]:
    """The answer of user/info/batchget; at most 100 people at once."""
    if not isinstance(user_list, list) or not 1 <= len(user_list) <= BATCH:
        raise ApiError(40032, "invalid openid list size")
    asked = [item if isinstance(item, dict) else {} for item in user_list]
    return {"user_info_list": [describe(account, item.get("openid"), item.get("lang")) for item in asked]}


def _place_after(openids: list[str], next_openid: str) -> int:
    if not next_openid:
        return 0
    if next_openid not in openids:
        raise ApiError(40003, "invalid openid")
    return openids.index(next_openid) + 1


def _following(follower: Follower, lang: str) -> dict[str, object]:
    return {
        "subscribe": 1,
        "openid": follower.openid,
        "nickname": "",
        "sex": 0,
        "language": lang,
        "city": "",
        "province": "",
        "country": "",
        "headimgurl": "",
        "subscribe_time": int(follower.followed_at),
        "remark": "",
        "groupid": 0,
        "tagid_list": [],
        "subscribe_scene": "ADD_SCENE_SEARCH",
        "qr_scene": 0,
        "qr_scene_str": "",
    }
