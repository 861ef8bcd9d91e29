"""Template messages, subscription notices and one-time subscription messages, and their templates."""

from collections.abc import Mapping

from wechat.sandbox.engine.job_events import subscription_sent, template_finished
from wechat.sandbox.errors import ApiError
from wechat.sandbox.platform.calls import OK, Answer, Call, Endpoint, known_person, required, whole_number
from wechat.sandbox.state.account import Account
from wechat.sandbox.state.chat import Content, Notice
from wechat.sandbox.state.templates import Template, Templates

TITLE_CHARACTERS = 15
ONCE_CHARACTERS = 200
MOST_SCENE = 10_000
INDUSTRIES = {"first_class": "政府与公共事业", "second_class": "政府|公共事业|非盈利机构"}


def send(account: Account, call: Call) -> Answer:
    """A template message to a follower; how it ended is told by an event."""
    person = known_person(account, call.body.get("touser"))
    notice = account.templates.get(call.body.get("template_id")).fill(call.body.get("data"), _target(call))
    if not person.following:
        raise ApiError(43004, "require subscribe")
    if person.blacklisted:
        raise ApiError(43019, "require remove blacklist")
    msg_id, is_new = account.sent_templates.number(
        person.openid, call.body.get("client_msg_id"), lambda: _new_id(account)
    )
    if is_new:
        if not person.refuses_notices:
            account.outbox.write(person.openid, "account", "template", Content(notice=notice))
        status = "failed:user block" if person.refuses_notices else "success"
        account.tell(template_finished(account.config, account.clock, person.openid, msg_id, status))
    return {**OK, "msgid": msg_id}


def bizsend(account: Account, call: Call) -> Answer:
    """A subscription notice, for which the person must have accepted the template."""
    person = known_person(account, call.body.get("touser"))
    template = account.notice_templates.get(call.body.get("template_id"))
    page = call.body.get("page") or ""
    if page and not str(page).startswith(("http://", "https://")):
        raise ApiError(41030, "invalid page")
    notice = template.fill(call.body.get("data"), str(page))
    account.consents.spend(person.openid, template.template_id)
    account.outbox.write(person.openid, "account", "subscription", Content(notice=notice))
    msg_id = _new_id(account)
    account.tell(subscription_sent(account.config, account.clock, person.openid, template.template_id, msg_id))
    return {**OK, "msgid": msg_id}


def send_once(account: Account, call: Call) -> Answer:
    """A one-time subscription message, for which the person need not follow."""
    person = known_person(account, call.body.get("touser"))
    template = account.once_templates.get(call.body.get("template_id"))
    title = str(call.body.get("title", ""))
    if not 1 <= len(title) <= TITLE_CHARACTERS:
        raise ApiError(47003, "argument invalid! title invalid")
    data = call.body.get("data")
    content = data.get("content") if isinstance(data, dict) else None
    value = str(content.get("value", "")) if isinstance(content, dict) else ""
    if not 1 <= len(value) <= ONCE_CHARACTERS:
        raise ApiError(47003, "argument invalid! data.content.value invalid")
    scene = _scene(call)
    account.consents.spend_once(person.openid, template.template_id, scene)
    notice = Notice(template.template_id, title, (("内容", value),), _target(call))
    account.outbox.write(person.openid, "account", "once", Content(notice=notice))
    return OK


def set_industry(_account: Account, _call: Call) -> Answer:
    return OK


def get_industry(_account: Account, _call: Call) -> Answer:
    return {"primary_industry": INDUSTRIES, "secondary_industry": INDUSTRIES}


def add(account: Account, call: Call) -> Answer:
    """Take a template from the library: its keywords become the places of the values."""
    short = required(call.body, "template_id_short", 40037)
    names = call.body.get("keyword_name_list")
    words = [str(name) for name in names] if isinstance(names, list) and names else ["内容"]
    content = "\n".join(f"{word}：{{{{thing{place}.DATA}}}}" for place, word in enumerate(words, 1))
    return {**OK, "template_id": account.templates.add(short, content).template_id}


def all_private(account: Account, _call: Call) -> Answer:
    listed = [{**_described(one), "primary_industry": "", "deputy_industry": ""} for one in account.templates.all()]
    return {"template_list": listed}


def delete_private(account: Account, call: Call) -> Answer:
    account.templates.delete(call.body.get("template_id"))
    return OK


def new_templates(account: Account, _call: Call) -> Answer:
    listed = [
        {"priTmplId": one.template_id, "title": one.title, "content": one.content, "type": 3 if one.long_term else 2}
        for one in account.notice_templates.all()
    ]
    return {**OK, "data": listed}


def new_template_add(account: Account, call: Call) -> Answer:
    words = call.body.get("kidList")
    places = words if isinstance(words, list) and words else [1]
    content = "\n".join(f"内容{place}：{{{{thing{place}.DATA}}}}" for place in places)
    template = account.notice_templates.add(required(call.body, "tid", 40037), content)
    return {**OK, "priTmplId": template.template_id}


def new_template_delete(account: Account, call: Call) -> Answer:
    account.notice_templates.delete(call.body.get("priTmplId"))
    return OK


def new_template_category(_account: Account, _call: Call) -> Answer:
    return {**OK, "data": [{"id": 616, "name": "政务民生"}]}


def templates_of(account: Account, kind: str) -> Templates:
    """The account's templates of one kind: template, subscription or once."""
    return {
        "template": account.templates,
        "subscription": account.notice_templates,
        "once": account.once_templates,
    }[kind]


def _described(template: Template) -> dict[str, object]:
    return {"template_id": template.template_id, "title": template.title, "content": template.content, "example": ""}


def _target(call: Call) -> str:
    url = str(call.body.get("url") or "")
    return url if url.startswith(("http://", "https://")) else ""


def _scene(call: Call) -> int:
    given = call.body.get("scene")
    if isinstance(given, str) and given.isdigit():
        given = int(given)
    scene = whole_number({"scene": given}, "scene", 0)
    if scene > MOST_SCENE:
        raise ApiError(40097, "invalid args: scene")
    return scene


def _new_id(account: Account) -> int:
    return account.config.rng.randrange(10**17, 10**18)


ENDPOINTS: Mapping[str, Endpoint] = {
    "/cgi-bin/message/template/send": Endpoint("POST", send, "template"),
    "/cgi-bin/template/api_set_industry": Endpoint("POST", set_industry, "template"),
    "/cgi-bin/template/get_industry": Endpoint("GET", get_industry, "template"),
    "/cgi-bin/template/api_add_template": Endpoint("POST", add, "template"),
    "/cgi-bin/template/get_all_private_template": Endpoint("GET", all_private, "template"),
    "/cgi-bin/template/del_private_template": Endpoint("POST", delete_private, "template"),
    "/cgi-bin/message/subscribe/bizsend": Endpoint("POST", bizsend, "subscribe_notice"),
    "/cgi-bin/message/template/subscribe": Endpoint("POST", send_once, "once_subscription"),
    "/wxaapi/newtmpl/gettemplate": Endpoint("GET", new_templates, "subscribe_notice"),
    "/wxaapi/newtmpl/addtemplate": Endpoint("POST", new_template_add, "subscribe_notice"),
    "/wxaapi/newtmpl/deltemplate": Endpoint("POST", new_template_delete, "subscribe_notice"),
    "/wxaapi/newtmpl/getcategory": Endpoint("GET", new_template_category, "subscribe_notice"),
}
