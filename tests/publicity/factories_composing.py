"""Pushes as clerks compose them, through the very steps that staff take."""

from dataclasses import dataclass

from publicity.notices.kinds import Phase
from publicity.pushes.composing import PushEntry, create_push
from publicity.pushes.templates_set import TEMPLATES, TemplateSet
from staff.actors import Actor
from staff.approvals.deciding import approve
from tests.publicity.factories_notices import make_notice, make_office
from tests.staff.options.factories_options import set_to
from tests.wechat.sending.conftest import Platform

FIELDS = "thing1：标题\ntime2：公示期\nphone_number3：受理电话"
CONTENT = "公示：{{thing1.DATA}}\n公示期：{{time2.DATA}}\n电话：{{phone_number3.DATA}}"


@dataclass(frozen=True)
class Composed:
    """A push, and the notice it tells."""

    key: str
    notice: str


def published_notice(title: str = "关于示例预备人选的公示") -> str:
    """Publish a final list and return its key."""
    return make_notice(Phase.RUNNING, title=title).key


def clerk() -> Actor:
    return make_office().drafter


def leader() -> Actor:
    return make_office().leader


def set_template(platform: Platform, fields: str = FIELDS) -> str:
    """Give the account a template and have staff's option name it; returns its id."""
    template_id = platform.template(CONTENT)
    set_to(TEMPLATES, (TemplateSet("公示提醒", template_id, fields),))
    return template_id


def compose(channel: str = "mass", *, notice: str | None = None, **entry: object) -> Composed:
    """Compose a push with what its notice fills in."""
    notice = notice or published_notice()
    key = create_push(notice, PushEntry(channel, **entry), clerk())  # type: ignore[arg-type]  # handed through
    return Composed(key, notice)


def approve_it(request_key: str) -> None:
    """Have the leader say yes."""
    approve(request_key, leader())
