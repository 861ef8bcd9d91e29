"""Personal links: the way in for people whose account cannot sign them in on the web, asked for in the chat.

A link is 128 random bits, kept by digest. It works for ten minutes, for one purpose (a poll, say), in the browser that
first presses its button; looking at it binds nothing, for scanners and previews look too. A newer link of the same
person for the same purpose takes its place. Whoever is handed a link that nobody went in by yet comes in as the person
it was made for: that cannot be told from here, and operators are told so.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote

import structlog
from sqlalchemy import Select, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from foundation.clock import database_now
from foundation.ids import random_id
from foundation.transaction import transaction
from foundation.web import safe_path
from wechat.account import current_account
from wechat.identity import PURPOSE_SECONDS, Voter
from wechat.models import PersonalLink

log = structlog.get_logger(__name__)
MINUTES = 10
LINK_LASTS = timedelta(minutes=MINUTES)
LINKS_KEPT = timedelta(seconds=PURPOSE_SECONDS)
"""For so long somebody who came in by a link may tap it again in the chat."""

LINK_PATH = "/v/"
VoterFor = Callable[[str], Voter | None]
"""Tells whom the browser is signed in as, for a purpose."""


@dataclass(frozen=True, slots=True)
class Doorstep:
    """The link is good: whoever presses the button, named `button`, goes in."""

    button: str


@dataclass(frozen=True, slots=True)
class Admission:
    """Let the browser go on to `path`; `voter` is whom it is to be from now for `purpose`, None where it is already."""

    path: str
    purpose: str
    voter: Voter | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """The link does not open: `elsewhere` where it was opened in another browser, else it is old, replaced or wrong."""

    elsewhere: bool


Answer = Doorstep | Admission | Refusal


def personal_link(openid: str, purpose: str, path: str, *, button: str = "进入") -> str:
    """Return an address by which this person, and in the next ten minutes only, gets to `path` for `purpose`.

    `button` is what stands on the page in between. Links made before for the same person and purpose stop working.
    Joins the transaction that runs.
    """
    token, account = random_id(), current_account()
    values = {
        "digest": _digest_of(token),
        "openid": openid.encode(),
        "path": safe_path(path),
        "button": button,
        "browser": None,
        "made_at": func.clock_now(),
    }
    new = insert(PersonalLink).values(person=_person(openid), purpose=purpose, **values)
    again = {name: new.excluded[name] for name in values}
    with transaction() as session:
        session.execute(new.on_conflict_do_update(index_elements=["person", "purpose"], set_=again))
    return f"{account.site}{LINK_PATH}{token}"


def way_in(openid: str, purpose: str, path: str, *, button: str = "进入") -> str:
    """Return an address that leads this person signed in to `path`: by WeChat's sign-in, or else a personal link."""
    account = current_account()
    if account.may("oauth"):
        return f"{account.site}/wechat/login?next={quote(path, safe='/')}"
    return personal_link(openid, purpose, path, button=button)


def look_at(token: str, browser: str | None, voter_for: VoterFor) -> Answer:
    """Say what a link is to this browser, which is named by a secret of its own, and bind nothing."""
    with transaction() as session:
        return _judge(session, session.scalars(_link(token)).one_or_none(), browser, voter_for)


def enter(token: str, browser: str | None, voter_for: VoterFor) -> Answer:
    """Go in by a link, which from now on works in this browser alone; repeating it changes nothing."""
    with transaction() as session:
        link = session.scalars(_link(token).with_for_update()).one_or_none()
        answer = _judge(session, link, browser, voter_for)
        if not isinstance(answer, Doorstep) or link is None or not browser:
            return answer
        link.browser = _browser(browser)
        return _admit(link)


def forget_links(session: Session, openid: str) -> None:
    """Delete the links of somebody who leaves."""
    session.execute(delete(PersonalLink).filter_by(person=_person(openid)))


def _link(token: str) -> Select[PersonalLink]:
    return select(PersonalLink).filter_by(digest=_digest_of(token))


def _judge(session: Session, link: PersonalLink | None, browser: str | None, voter_for: VoterFor) -> Answer:
    if link is None:
        return Refusal(elsewhere=False)
    here = voter_for(link.purpose)
    if here is not None and not here.snapshot and here.openid.encode() == link.openid:
        return Admission(link.path, link.purpose, None)
    bound_here = _is_bound_to(link, browser)
    if link.browser is not None and not bound_here:
        log.info("personal_link_refused", reason="opened elsewhere")
        return Refusal(elsewhere=True)
    if link.made_at + LINK_LASTS <= database_now(session):
        return Refusal(elsewhere=False)
    return _admit(link) if bound_here else Doorstep(link.button)


def _is_bound_to(link: PersonalLink, browser: str | None) -> bool:
    return bool(link.browser and browser) and hmac.compare_digest(link.browser or b"", _browser(browser or ""))


def _admit(link: PersonalLink) -> Admission:
    return Admission(link.path, link.purpose, Voter(link.openid.decode(), snapshot=False))


def _digest_of(token: str) -> bytes:
    return current_account().digest("personal link", token)


def _person(openid: str) -> bytes:
    return current_account().digest("personal link of", openid)


def _browser(secret: str) -> bytes:
    return current_account().digest("personal link in", secret)
