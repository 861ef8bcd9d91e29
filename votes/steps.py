"""The steps of a poll that take two people: what is asked for, what the approver reads, and what is then done."""

from flask import url_for

from foundation.clock import database_now, show_moment
from foundation.transaction import transaction
from staff.actors import Actor, Consent
from staff.acts import ApprovedBy, Parameters
from staff.approvals.requesting import ApprovalRequest, request_approval
from staff.roles import LEADERS
from votes.overview import poll_overview
from votes.polls import (
    certify_poll,
    check_reason,
    close_poll,
    open_poll,
    poll_to_read,
    refuse_uncertifiable,
    refuse_unless_open,
    refuse_unready,
)
from votes.settings import VISIBILITIES

OPEN, CLOSE, CERTIFY = "polls.open", "polls.close", "polls.certify"


def request_opening(slug: str, actor: Actor) -> ApprovalRequest:
    """Ask for a draft to be opened; raises Conflict where something is missing already now."""
    with transaction() as session:
        poll = poll_to_read(session, slug)
        refuse_unready(poll, database_now(session))
        return request_approval(OPEN, slug, poll.title, actor)


def request_closing(slug: str, reason: str, actor: Actor) -> ApprovalRequest:
    """Ask for an open poll to be ended before its time; raises InvalidInput without a reason, Conflict."""
    reason = check_reason(reason)
    with transaction() as session:
        poll = poll_to_read(session, slug)
        refuse_unless_open(poll)
        return request_approval(CLOSE, slug, poll.title, actor, parameters={"reason": reason}, purpose=reason)


def request_certification(slug: str, actor: Actor) -> ApprovalRequest:
    """Ask for a closed poll's count to be fixed; raises Conflict where it cannot be yet."""
    with transaction() as session:
        poll = poll_to_read(session, slug)
        refuse_uncertifiable(session, poll)
        return request_approval(CERTIFY, slug, poll.title, actor)


def _open(slug: str, _parameters: Parameters, consent: Consent) -> None:
    open_poll(slug, consent)


def _close(slug: str, parameters: Parameters, consent: Consent) -> None:
    close_poll(slug, str(parameters["reason"]), consent)


def _certify(slug: str, _parameters: Parameters, consent: Consent) -> None:
    certify_poll(slug, consent)


def _fingerprint(slug: str) -> str:
    """Tell one condition of the poll from another; each change of it grows its revision."""
    with transaction() as session:
        poll = poll_to_read(session, slug)
        return f"{poll.state} {poll.revision}"


def _facts(slug: str, _parameters: Parameters) -> list[tuple[str, str]]:
    poll = poll_overview(slug)
    times = [show_moment(at, year=True) for at in (poll.settings.opens_at, poll.settings.closes_at) if at]
    awards = "，".join(f"{award.settings.name}{award.candidates}名" for award in poll.awards)
    return [
        ("投票时间", "至".join(times)),
        ("候选对象", awards),
        ("结果公布", VISIBILITIES[poll.settings.visibility]),
        ("已投票", f"{poll.voters:,}人，{poll.ballots:,}张选票"),
    ]


def _page(slug: str) -> str:
    return url_for("polls_console.poll_page", slug=slug)


OPENING = ApprovedBy(
    LEADERS,
    _open,
    _fingerprint,
    consequence="投票到开始时间自动开始，已经到了的立即开始；到结束时间自动结束。时间、规则、奖项、姓名和编号从此不能再改。",
    facts=_facts,
    page=_page,
)
CLOSING = ApprovedBy(
    LEADERS,
    _close,
    _fingerprint,
    consequence="投票立即结束，不再收票，不能重新开始。已经投出的票有效。",
    facts=_facts,
    page=_page,
)
CERTIFICATION = ApprovedBy(
    LEADERS,
    _certify,
    _fingerprint,
    consequence="系统按账本逐票计数，结果就此固定，不能再改，并按规定公布。",
    facts=_facts,
    page=_page,
)
