"""Customer-service messages, which go through only while a person's window is open."""

from collections.abc import Mapping

from wechat.sandbox.errors import ApiError
from wechat.sandbox.platform.calls import OK, Answer, Call, Endpoint, known_person
from wechat.sandbox.platform.message_content import read_customer_content
from wechat.sandbox.state.account import Account


def send(account: Account, call: Call) -> Answer:
    person = known_person(account, call.body.get("touser"))
    content = read_customer_content(account, call.body)
    account.windows.spend(person.openid)
    account.outbox.write(person.openid, "account", "custom", content)
    return OK


def typing(account: Account, call: Call) -> Answer:
    known_person(account, call.body.get("touser"))
    if call.body.get("command") not in ("Typing", "CancelTyping"):
        raise ApiError(40097, "invalid args: command")
    return OK


def accounts(_account: Account, _call: Call) -> Answer:
    return {"kf_list": []}


ENDPOINTS: Mapping[str, Endpoint] = {
    "/cgi-bin/message/custom/send": Endpoint("POST", send, "customer_message"),
    "/cgi-bin/message/custom/typing": Endpoint("POST", typing, "customer_message"),
    "/cgi-bin/customservice/getkflist": Endpoint("GET", accounts, "customer_message"),
    "/cgi-bin/customservice/getonlinekflist": Endpoint("GET", accounts, "customer_message"),
}
