"""Forgetting a person: whoever leaves the account, or asks for it, is forgotten by every room that knows them."""

from collections.abc import Callable

from flask import Flask, current_app
from sqlalchemy import update
from sqlalchemy.orm import Session

from wechat.account import current_account
from wechat.models import AnsweredPush

Forget = Callable[[Session, str], None]
"""Deletes, in the running transaction, what a room keeps about the person of an openid; counted ballots stay."""

_FORGET = "wechat_forget"


def init_forgetting(app: Flask) -> None:
    offered: list[Forget] = []
    app.extensions[_FORGET] = offered


def offer_forgetting(app: Flask, forget: Forget) -> None:
    """Have `forget` called for everybody who leaves the account, or has everything deleted."""
    offered: list[Forget] = app.extensions[_FORGET]
    offered.append(forget)


def forget_person(session: Session, openid: str) -> None:
    """Delete what the rooms keep about somebody, and the answers they were given."""
    answers = update(AnsweredPush).where(AnsweredPush.person == person_digest(openid), AnsweredPush.answer.is_not(None))
    session.execute(answers.values(answer=None).execution_options(synchronize_session=False))
    offered: list[Forget] = current_app.extensions[_FORGET]
    for forget in offered:
        forget(session, openid)


def person_digest(openid: str) -> bytes:
    """Return by which the pushes of a person are found."""
    return current_account().digest("person", openid)
