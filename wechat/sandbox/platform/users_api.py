"""Who follows, what is known of each, remarks, and the blacklist."""

from collections.abc import Mapping

from wechat.sandbox.errors import ApiError
from wechat.sandbox.identifiers import unionid_of
from wechat.sandbox.platform.calls import OK, Answer, Call, Endpoint, known_people, known_person
from wechat.sandbox.state.account import Account
from wechat.sandbox.state.followers import Follower

BATCH = 100
BLACKLIST_BATCH = 20
REMARK_CHARACTERS = 30


def get(account: Account, call: Call) -> Answer:
    """One page: those after next_openid; the last, empty page has no data and an empty next_openid."""
    page = account.followers.page_after(call.query.get("next_openid", ""), account.config.user_page)
    if page is None:
        raise ApiError(40003, "invalid openid")
    return page_answer(page, account.followers.count())


def page_answer(page: list[str], total: int) -> Answer:
    answer: dict[str, object] = {"total": total, "count": len(page)}
    return answer | ({"data": {"openid": page}, "next_openid": page[-1]} if page else {"next_openid": ""})


def info(account: Account, call: Call) -> Answer:
    return _described(account, call.query.get("openid"), call.query.get("lang"))


def info_batch(account: Account, call: Call) -> Answer:
    given = call.body.get("user_list")
    if not isinstance(given, list) or not 1 <= len(given) <= BATCH:
        raise ApiError(40032, "invalid openid list size")
    asked = [item if isinstance(item, dict) else {} for item in given]
    return {"user_info_list": [_described(account, item.get("openid"), item.get("lang")) for item in asked]}


def update_remark(account: Account, call: Call) -> Answer:
    person = known_person(account, call.body.get("openid"))
    remark = str(call.body.get("remark", ""))
    if len(remark) >= REMARK_CHARACTERS:
        raise ApiError(45012, "remark size out of limit")
    person.remark = remark
    return OK


def blacklist(account: Account, call: Call) -> Answer:
    """One page of the blacklist after begin_openid."""
    openids = account.followers.blacklisted()
    begin = call.body.get("begin_openid") or ""
    start = openids.index(begin) + 1 if begin in openids else 0
    return page_answer(openids[start : start + account.config.user_page], len(openids))


def batch_blacklist(account: Account, call: Call) -> Answer:
    account.followers.blacklist(known_people(account, call.body.get("openid_list"), BLACKLIST_BATCH), True)
    return OK


def batch_unblacklist(account: Account, call: Call) -> Answer:
    account.followers.blacklist(known_people(account, call.body.get("openid_list"), BLACKLIST_BATCH), False)
    return OK


def _described(account: Account, openid: object, lang: object) -> Answer:
    """What user/info says; one who does not follow has nothing but subscribe 0 and the ids."""
    person = known_person(account, openid)
    ids: dict[str, object] = {"subscribe": int(person.following), "openid": person.openid}
    if account.config.has_unionid:
        ids["unionid"] = unionid_of(person.key)
    return ids | (_following(person, str(lang or person.language)) if person.following else {})


def _following(person: Follower, lang: str) -> dict[str, object]:
    return {
        "nickname": "",
        "sex": 0,
        "language": lang,
        "city": "",
        "province": "",
        "country": "",
        "headimgurl": "",
        "subscribe_time": int(person.followed_at),
        "remark": person.remark,
        "groupid": person.tags[0] if person.tags else 0,
        "tagid_list": list(person.tags),
        "subscribe_scene": person.subscribe_scene,
        "qr_scene": person.qr_scene,
        "qr_scene_str": person.qr_scene_str,
    }


ENDPOINTS: Mapping[str, Endpoint] = {
    "/cgi-bin/user/get": Endpoint("GET", get, "users"),
    "/cgi-bin/user/info": Endpoint("GET", info, "users"),
    "/cgi-bin/user/info/batchget": Endpoint("POST", info_batch, "users"),
    "/cgi-bin/user/info/updateremark": Endpoint("POST", update_remark, "users"),
    "/cgi-bin/tags/members/getblacklist": Endpoint("POST", blacklist, "users"),
    "/cgi-bin/tags/members/batchblacklist": Endpoint("POST", batch_blacklist, "users"),
    "/cgi-bin/tags/members/batchunblacklist": Endpoint("POST", batch_unblacklist, "users"),
}
