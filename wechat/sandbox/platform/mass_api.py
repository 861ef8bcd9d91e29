"""Mass messages: sent to all, to a tag or to a list, tried out on one person, asked about and taken back."""

from collections.abc import Mapping

from wechat.sandbox.engine.sending import carry_out
from wechat.sandbox.errors import ApiError
from wechat.sandbox.platform.calls import OK, Answer, Call, Endpoint, known_person, whole_number
from wechat.sandbox.platform.message_content import read_mass_content
from wechat.sandbox.state.account import Account
from wechat.sandbox.state.followers import Follower

FEWEST, MOST = 2, 10_000
SPEEDS = {0: 80, 1: 60, 2: 45, 3: 30, 4: 10}


def send_all(account: Account, call: Call) -> Answer:
    given = call.body.get("filter")
    chosen = given if isinstance(given, dict) else {}
    if chosen.get("is_to_all") is True:
        recipients = account.followers.following()
    else:
        recipients = account.followers.tagged(account.tags.existing(_number(chosen.get("tag_id"))))
    return _accept(account, call, recipients)


def send_list(account: Account, call: Call) -> Answer:
    openids = call.body.get("touser")
    if not isinstance(openids, list) or not FEWEST <= len(openids) <= MOST:
        raise ApiError(40032, "invalid openid list size")
    people = [account.followers.by_openid(str(openid)) for openid in dict.fromkeys(openids)]
    return _accept(account, call, [person for person in people if person])


def preview(account: Account, call: Call) -> Answer:
    """Show it to one person, named by openid or, which wins, by their name in WeChat (here: their key)."""
    name = call.body.get("towxname")
    person = account.followers.find(str(name)) if name else known_person(account, call.body.get("touser"))
    if person is None:
        raise ApiError(40132, "invalid username")
    if not person.following:
        raise ApiError(43004, "require subscribe")
    content = read_mass_content(account, call.body, take=False)
    account.outbox.write(person.openid, "account", "preview", content)
    return {**OK, "msg_id": account.config.rng.randrange(10**9, 2**31)}


def get(account: Account, call: Call) -> Answer:
    job = account.mass.job(call.body.get("msg_id"))
    return {"msg_id": job.msg_id, "msg_status": "SENDING" if job.state == "waiting" else job.state}


def delete(account: Account, call: Call) -> Answer:
    job = account.mass.job(call.body.get("msg_id"))
    whole_number(call.body, "article_idx", 0)
    if job.state != "SEND_SUCCESS":
        raise ApiError(40059, "invalid msg id")
    job.state = "DELETE"
    account.outbox.withdraw(job.msg_id)
    return OK


def speed_get(account: Account, _call: Call) -> Answer:
    return {"speed": account.mass.speed, "realspeed": SPEEDS[account.mass.speed]}


def speed_set(account: Account, call: Call) -> Answer:
    speed = whole_number(call.body, "speed", 0)
    if speed not in SPEEDS:
        raise ApiError(45083, "speed must be between 0 and 4")
    account.mass.speed = speed
    return OK


def _accept(account: Account, call: Call, recipients: list[Follower]) -> Answer:
    content = read_mass_content(account, call.body, take=False)
    config = account.config
    most_per_day = None if config.is_service else 1
    if config.quota_divisor > 1 and "filter" in call.body:
        most_per_day = 0
    job = account.mass.accept(content, recipients, call.body.get("clientmsgid"), most_per_day)
    if call.body.get("msgtype") == "mpnews":
        job.content = read_mass_content(account, call.body, take=True)
    carry_out(account, job)
    return {"errcode": 0, "errmsg": "send job submission success", "msg_id": job.msg_id, "msg_data_id": job.msg_data_id}


def _number(given: object) -> object:
    return int(given) if isinstance(given, str) and given.isdigit() else given


ENDPOINTS: Mapping[str, Endpoint] = {
    "/cgi-bin/message/mass/sendall": Endpoint("POST", send_all, "mass_tag"),
    "/cgi-bin/message/mass/send": Endpoint("POST", send_list, "mass_openid"),
    "/cgi-bin/message/mass/preview": Endpoint("POST", preview, "mass_tag"),
    "/cgi-bin/message/mass/get": Endpoint("POST", get, "mass_tag"),
    "/cgi-bin/message/mass/delete": Endpoint("POST", delete, "mass_tag"),
    "/cgi-bin/message/mass/speed/get": Endpoint("POST", speed_get, "mass_tag"),
    "/cgi-bin/message/mass/speed/set": Endpoint("POST", speed_set, "mass_tag"),
}
