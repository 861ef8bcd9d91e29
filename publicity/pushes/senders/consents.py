"""One-time subscription messages: to whoever allowed one, which uses their consent up."""

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from publicity.pushes.channels import Channel
from publicity.pushes.contents import Content
from publicity.pushes.ledger import Answered, Claimed
from publicity.pushes.outcomes import REACHED, Outcome
from wechat.client import Grant
from wechat.errors import RecipientRefused, WeChatError
from wechat.sending.once import Consent, OnceMailing, find_consents, use_up
from wechat.sending.recipients import marked_among, note_answer

_USED_UP, _BLOCKED = Outcome("refused", errcode=43101), Outcome("blocked", errcode=43019)


class OnceSender:
    """The platform takes one message per consent, so one that is repeated comes once."""

    channel, has_id = Channel.ONCE, True

    def __init__(self, content: Content, site: str, per_second: float) -> None:
        address = site + str(content["path"]) if content["path"] else ""
        self._mailing = OnceMailing(str(content["title"]), str(content["text"]), address, per_second)

    def permits(self, wanted: int) -> Grant:
        return self._mailing.permits(wanted)

    def look_up(self, session: Session, deliveries: Sequence[Claimed]) -> Mapping[int, Consent | Outcome]:
        found = find_consents(session, [one.consent_id for one in deliveries if one.consent_id is not None])
        blocked = marked_among(session, [consent.openid for consent in found.values()], "")
        return {one.id: _recipient(found.get(one.consent_id or 0), blocked) for one in deliveries}

    def send(self, delivery: Claimed, recipient: Consent) -> str | None:
        self._mailing.send(recipient, tried_before=delivery.doubted)
        return None

    def note(self, recipient: Consent, error: WeChatError) -> None:
        # That this consent is spent says nothing about the template messages they may want.
        if not isinstance(error, RecipientRefused):
            note_answer(recipient.openid, recipient.template_id, error)

    def settle(self, session: Session, answers: Sequence[Answered]) -> None:
        spent = [
            answer.delivery.consent_id
            for answer in answers
            if answer.outcome.state in REACHED or answer.outcome.concerns_the_person
        ]
        use_up(session, [consent for consent in spent if consent is not None])


def _recipient(consent: Consent | None, marked: Mapping[str, str]) -> Consent | Outcome:
    if consent is None:
        return _USED_UP
    return _BLOCKED if marked.get(consent.openid) == "blocked" else consent
