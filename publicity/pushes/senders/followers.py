"""Template and customer messages: to followers, except those of whom the platform said not to write to them."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from publicity.pushes.channels import Channel
from publicity.pushes.contents import Content
from publicity.pushes.ledger import Answered, Claimed
from publicity.pushes.outcomes import Outcome
from wechat.client import Grant
from wechat.errors import WeChatError
from wechat.messages import TextReply
from wechat.models import Follower
from wechat.sending.customer import CustomerMailing
from wechat.sending.recipients import Mark, marked_among, note_answer
from wechat.sending.templates import TemplateMailing

_GONE = Outcome("unfollowed")
_MARKED: Mapping[Mark, Outcome] = {
    "blocked": Outcome("blocked", errcode=43019),
    "refused": Outcome("refused", errcode=43101),
    "unknown": Outcome("failed", errcode=40003),
}


class _FollowerSender:
    """What both have in common; `template_id` is that of which a refusal counts."""

    template_id = ""
    heeded: Collection[Mark] = ("blocked", "unknown")

    def look_up(self, session: Session, deliveries: Sequence[Claimed]) -> Mapping[int, str | Outcome]:
        ids = [one.follower_id for one in deliveries]
        query = select(Follower.id, Follower.openid).where(Follower.id.in_(ids), Follower.follows)
        found = {row.id: row.openid.decode() for row in session.execute(query)}
        marked = marked_among(session, found.values(), self.template_id)
        return {one.id: self._recipient(found.get(one.follower_id or 0), marked) for one in deliveries}

    def note(self, recipient: str, error: WeChatError) -> None:
        note_answer(recipient, self.template_id, error)

    def settle(self, session: Session, answers: Sequence[Answered]) -> None:
        """Nothing else is kept of them."""

    def _recipient(self, openid: str | None, marked: Mapping[str, Mark]) -> str | Outcome:
        if openid is None:
            return _GONE
        mark = marked.get(openid)
        return _MARKED[mark] if mark is not None and mark in self.heeded else openid


class TemplateSender(_FollowerSender):
    """Template messages; the platform knows a repeat by the push's key and the delivery's id."""

    channel, has_id = Channel.TEMPLATE, True
    heeded = ("blocked", "refused", "unknown")

    def __init__(self, push: str, content: Content, site: str, per_second: float) -> None:
        self.template_id = str(content["template_id"])
        self._push = push
        address = site + str(content["path"]) if content["path"] else ""
        self._mailing = TemplateMailing(self.template_id, dict(content["fields"]), address, per_second)

    def permits(self, wanted: int) -> Grant:
        return self._mailing.permits(wanted)

    def send(self, delivery: Claimed, recipient: str) -> str | None:
        return self._mailing.send(recipient, f"{self._push}-{delivery.id}")


class CustomerSender(_FollowerSender):
    """Customer messages, with the notice's address below the words; one of which no answer comes stays unknown."""

    channel, has_id = Channel.CUSTOMER, False

    def __init__(self, content: Content, site: str, per_second: float) -> None:
        text = f"{content['text']}\n{site}{content['path']}" if content["path"] else str(content["text"])
        self._mailing = CustomerMailing(TextReply(text), per_second)

    def permits(self, wanted: int) -> Grant:
        return self._mailing.permits(wanted)

    def send(self, delivery: Claimed, recipient: str) -> str | None:  # noqa: ARG002  # it has no id
        self._mailing.send(recipient)
        return None
