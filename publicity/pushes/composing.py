"""Pushes as drafts: made for a published notice, changed while nobody was asked to approve them, dropped."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.clock import database_now
from foundation.errors import Conflict, InvalidInput, NotAllowed, NotFound
from foundation.ids import random_id
from foundation.transaction import transaction
from foundation.uploads import Upload
from publicity.notices.models import Notice
from publicity.notices.reading import NoticePage, public_notice
from publicity.pushes.channels import CHANNEL_NAMES, Audience, Channel
from publicity.pushes.choices import Chosen, choose, refuse_without_right
from publicity.pushes.contents import Content, checked_content, is_article
from publicity.pushes.covers import keep_cover
from publicity.pushes.models import Push
from publicity.pushes.prefilled import content_for
from publicity.pushes.templates_set import template_by_id
from staff.actors import Actor
from staff.approvals.requesting import find_request
from staff.audit import record
from wechat.account import current_account

COMPOSE, SEND = "pushes.compose", "pushes.send"
LATEST_START = timedelta(days=60)
_FIELDS = ("audience", "content", "starts_at")


@dataclass(frozen=True, slots=True)
class PushEntry:
    """A push as entered: `content` as its channel takes it, empty to have it taken from the notice.

    A cover is set apart, by set_cover. `form` (text or article) says what a mass message without content becomes.
    `starts_at` None is as soon as it is approved.
    """

    channel: str
    audience: str = Audience.ALL
    tag: int | None = None
    content: Mapping[str, Any] = field(default_factory=dict)
    starts_at: datetime | None = None
    form: str = "article"


def create_push(notice_key: str, entry: PushEntry, actor: Actor) -> str:
    """Draft a push of a published notice; returns its key. Not to be called inside a transaction.

    Raises NotFound where the notice is not published, InvalidFields for the content, Conflict where the account cannot
    use the channel, and what choosing the audience raises.
    """
    page, channel = public_notice(notice_key), _channel(entry.channel)
    refuse_without_right(channel)
    content = content_for(channel, page, current_account().site, entry.form)
    if entry.content:
        content = checked(channel, {**content, **entry.content, "cover": ""})
    chosen = choose(channel, _audience(entry.audience), entry.tag, actor)
    if actor.member_id is None:
        raise NotAllowed("推送要以人员的名义拟定。")
    with transaction() as session:
        check_start(session, entry.starts_at)
        push = Push(
            key=random_id(),
            notice_id=page.head.id,
            version_number=page.head.version,
            channel=channel,
            content=content,
            starts_at=entry.starts_at,
            created_by=actor.member_id,
            **_columns(chosen),
        )
        session.add(push)
        session.flush()
        record(COMPOSE, title_of(page, channel), actor, fields=("channel", *_FIELDS))
        return push.key


def edit_push(key: str, revision: int, entry: PushEntry, actor: Actor) -> int:
    """Change what a draft says, to whom and when; returns its new revision. Not to be called inside a transaction.

    The channel stays. Raises NotFound, Conflict where it is no draft any more, waits for approval, or somebody else
    changed it meanwhile, InvalidFields, and what choosing the audience raises.
    """
    with transaction() as session:
        push = push_row(session, key)
        channel, before = Channel(push.channel), push.content
    content = checked(channel, {**before, **entry.content, "cover": before.get("cover", "")})
    chosen = choose(channel, _audience(entry.audience), entry.tag, actor)
    with transaction() as session:
        push = draft_row(session, key, revision)
        check_start(session, entry.starts_at)
        changes = {**_columns(chosen), "content": content, "starts_at": entry.starts_at}
        return _change(session, push, changes, actor)


def set_cover(key: str, revision: int, upload: Upload | None, actor: Actor) -> int:
    """Give a draft's article a cover, or with None the plain one; returns its new revision.

    Raises NotFound, Conflict, InvalidInput for a file that is no picture, or a push that has no article.
    """
    digest = keep_cover(upload) if upload else ""
    with transaction() as session:
        push = draft_row(session, key, revision)
        if not is_article(push.channel, push.content):
            raise InvalidInput("只有文章才有封面。", field="cover")
        return _change(session, push, {"content": {**push.content, "cover": digest}}, actor)


def drop_push(key: str, revision: int, actor: Actor) -> None:
    """Delete a draft; raises NotFound, Conflict."""
    with transaction() as session:
        push = draft_row(session, key, revision)
        record(COMPOSE, f"{_title(session, push)}（删去）", actor, fields=("state",))
        session.delete(push)


def push_row(session: Session, key: str, *, lock: bool = False) -> Push:
    """Return the row of a push, locked until the transaction ends where asked for; raises NotFound."""
    query = select(Push).where(Push.key == key)
    row = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFound("没有这条推送。")
    return row


def draft_row(session: Session, key: str, revision: int | None = None) -> Push:
    """Return the locked row of a push that may be changed; raises NotFound, Conflict."""
    push = push_row(session, key, lock=True)
    if push.state != "draft":
        raise Conflict("这条推送已经批准，不能再改。要换内容，请取消它，另拟一条。")
    if find_request(SEND, key) is not None:
        raise Conflict("这条推送正在等待批准。要修改，请先撤回申请。")
    if revision is not None and push.revision != revision:
        raise Conflict("您打开以后，别人改动过这条推送。请刷新页面，核对后再改。")
    return push


def title_of(page: NoticePage, channel: str) -> str:
    """Return what a push is called in approvals and in the trail."""
    return f"{page.head.title}（{CHANNEL_NAMES[Channel(channel)]}）"


def check_start(session: Session, starts_at: datetime | None) -> None:
    """Raise InvalidInput for a start that is past already, or too far away to be meant."""
    if starts_at is None:
        return
    now = database_now(session)
    if starts_at <= now:
        raise InvalidInput("开始时间已经过去了，请改晚一些，或者空着（批准后立即开始）。", field="starts_at")
    if starts_at > now + LATEST_START:
        raise InvalidInput(f"开始时间最多定在{LATEST_START.days}天以内。", field="starts_at")


def notice_key_of(session: Session, push: Push) -> str:
    """Return the key of the notice that a push tells."""
    return session.scalars(select(Notice.key).where(Notice.id == push.notice_id)).one()


def _title(session: Session, push: Push) -> str:
    return title_of(public_notice(notice_key_of(session, push)), push.channel)


def _change(session: Session, push: Push, changes: Mapping[str, Any], actor: Actor) -> int:
    changed = [name for name, value in changes.items() if getattr(push, name) != value]
    for name in changed:
        setattr(push, name, changes[name])
    if changed:
        push.revision += 1
        record(COMPOSE, _title(session, push), actor, fields=[name for name in changed if name in _FIELDS])
    return push.revision


def _channel(name: str) -> Channel:
    if name not in set(Channel):
        raise InvalidInput("请选一种推送方式。", field="channel")
    return Channel(name)


def _audience(name: str) -> Audience:
    if name not in set(Audience):
        raise InvalidInput("请选推送给谁。", field="audience")
    return Audience(name)


def checked(channel: str, content: Content) -> dict[str, Any]:
    """Return the content as it may be sent; raises InvalidFields, InvalidInput for a template that is set otherwise."""
    fitting = checked_content(channel, content)
    if channel == Channel.TEMPLATE:
        template = template_by_id(fitting["template_id"])
        if template is None or set(fitting["fields"]) != set(template.sources):
            raise InvalidInput("这个模板在设置里改过了，请重新选模板。", field="template_id")
    return fitting


def _columns(chosen: Chosen) -> dict[str, Any]:
    return {"audience": chosen.audience, "tag_number": chosen.tag_number, "tag_name": chosen.tag_name}
