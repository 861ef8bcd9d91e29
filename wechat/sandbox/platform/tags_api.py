"""Tags: made, renamed, deleted, and put on people."""

from collections.abc import Mapping

from wechat.sandbox.errors import ApiError
from wechat.sandbox.platform.calls import OK, Answer, Call, Endpoint, known_people, known_person
from wechat.sandbox.platform.users_api import page_answer
from wechat.sandbox.state.account import Account

BATCH = 50
TAGS_PER_PERSON = 20
TOO_MANY_TO_DELETE = 100_000


def create(account: Account, call: Call) -> Answer:
    tag = account.tags.create(_given(call).get("name"))
    return {"tag": {"id": tag.number, "name": tag.name}}


def get(account: Account, _call: Call) -> Answer:
    return {
        "tags": [
            {"id": tag.number, "name": tag.name, "count": len(account.followers.tagged(tag.number))}
            for tag in account.tags.all()
        ]
    }


def update(account: Account, call: Call) -> Answer:
    account.tags.rename(_given(call).get("id"), _given(call).get("name"))
    return OK


def delete(account: Account, call: Call) -> Answer:
    number = _given(call).get("id")
    people = account.followers.tagged(number) if isinstance(number, int) else []
    if len(people) > TOO_MANY_TO_DELETE:
        raise ApiError(45057, "can't delete tag that has too many fans")
    account.followers.tag([person.openid for person in people], account.tags.delete(number), add=False)
    return OK


def members(account: Account, call: Call) -> Answer:
    """One page of the followers with a tag, after next_openid."""
    openids = [person.openid for person in account.followers.tagged(account.tags.existing(call.body.get("tagid")))]
    after = call.body.get("next_openid") or ""
    start = openids.index(after) + 1 if after in openids else 0
    page = openids[start : start + account.config.user_page]
    return {name: value for name, value in page_answer(page, len(openids)).items() if name != "total"}


def batch_tag(account: Account, call: Call) -> Answer:
    tag = account.tags.existing(call.body.get("tagid"))
    openids = known_people(account, call.body.get("openid_list"), BATCH)
    for openid in openids:
        person = known_person(account, openid)
        if not person.following:
            raise ApiError(49003, "user not subscribe this account")
        if tag not in person.tags and len(person.tags) >= TAGS_PER_PERSON:
            raise ApiError(45059, "has been add too much tags")
    account.followers.tag(openids, tag, add=True)
    return OK


def batch_untag(account: Account, call: Call) -> Answer:
    tag = account.tags.existing(call.body.get("tagid"))
    account.followers.tag(known_people(account, call.body.get("openid_list"), BATCH), tag, add=False)
    return OK


def of_person(account: Account, call: Call) -> Answer:
    return {"tagid_list": list(known_person(account, call.body.get("openid")).tags)}


def _given(call: Call) -> Mapping[str, object]:
    tag = call.body.get("tag")
    return tag if isinstance(tag, dict) else {}


ENDPOINTS: Mapping[str, Endpoint] = {
    "/cgi-bin/tags/create": Endpoint("POST", create, "users"),
    "/cgi-bin/tags/get": Endpoint("GET", get, "users"),
    "/cgi-bin/tags/update": Endpoint("POST", update, "users"),
    "/cgi-bin/tags/delete": Endpoint("POST", delete, "users"),
    "/cgi-bin/user/tag/get": Endpoint("POST", members, "users"),
    "/cgi-bin/tags/members/batchtagging": Endpoint("POST", batch_tag, "users"),
    "/cgi-bin/tags/members/batchuntagging": Endpoint("POST", batch_untag, "users"),
    "/cgi-bin/tags/getidlist": Endpoint("POST", of_person, "users"),
}
