"""The life of a poll: drafted, opened, closed, certified, one way; every step leaves a line in the audit trail."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from foundation.clock import database_now
from foundation.errors import Conflict, InvalidInput, NotFound
from foundation.forms import InvalidFields
from foundation.ids import random_id, short_code
from foundation.transaction import known, transaction
from staff.actors import SYSTEM, Actor, Consent
from staff.audit import record
from staff.supervision.opinions import refuse_while_objected
from votes.ledger import lock_poll_exclusively
from votes.models import Award, Ballot, CertifiedCount, Poll, PollHead
from votes.ordering import order_candidates
from votes.readiness import Readiness, check_readiness, count_standing
from votes.rules_text import write_rules
from votes.settings import AwardSettings, PollSettings, check_awards, check_settings, check_slug
from votes.tally import count_in_ledger

MAY_CHANGE_AFTER_OPENING = frozenset({"enquiry_phone", "supervision_phone"})
LONGEST_REASON = 500


def create_poll(
    settings: PollSettings, awards: Sequence[AwardSettings], actor: Actor, *, slug: str | None = None
) -> str:
    """Draft a poll with a fresh key for its voters' tags; returns its slug, a random one where none is given.

    Raises InvalidFields.
    """
    slug = slug or short_code().lower()
    with transaction() as session:
        _refuse(check_slug(slug) | _slug_taken(session, slug) | check_settings(settings) | check_awards(awards))
        poll = Poll(slug=slug, voter_key=secrets.token_bytes(32), **asdict(settings))
        poll.awards = [_new_award(position, award) for position, award in enumerate(awards)]
        poll.rules_text = settings.rules_text or default_rules_text(poll)
        session.add(poll)
        session.flush()
        session.add(PollHead(poll_id=poll.id, epoch=random_id()))
        record("polls.create", audited(poll), actor)
    return slug


def edit_poll(slug: str, settings: PollSettings, actor: Actor) -> tuple[str, ...]:
    """Change what is entered about a poll; returns the names of the fields that changed.

    After opening only the telephone numbers may change, everything else raises Conflict. Raises InvalidFields.
    """
    with transaction() as session:
        poll = poll_to_change(session, slug)
        _refuse(check_settings(settings))
        default_before = default_rules_text(poll)
        by_hand = settings.rules_text not in {"", default_before}
        wanted = asdict(settings) | {"rules_text": settings.rules_text or default_before}
        changed = tuple(name for name, value in wanted.items() if getattr(poll, name) != value)
        if poll.state != "draft" and not MAY_CHANGE_AFTER_OPENING.issuperset(changed):
            raise Conflict("投票已批准开启，现在只能改咨询电话和监督电话。", field=changed[0])
        for name in changed:
            setattr(poll, name, wanted[name])
        if poll.state == "draft" and not by_hand:
            poll.rules_text = default_rules_text(poll)
        _note_change(poll, "polls.edit", actor, changed)
    return changed


def edit_awards(slug: str, awards: Sequence[AwardSettings], actor: Actor) -> None:
    """Replace a draft's awards by `awards`, in their order; an award with candidates cannot be left out.

    Raises InvalidFields, and Conflict once the poll is past draft.
    """
    with transaction() as session:
        poll = draft_to_change(session, slug)
        _refuse(check_awards(awards) | _candidates_left_without(poll, awards))
        follows_default = poll.rules_text == default_rules_text(poll)
        _replace_awards(session, poll, awards)
        if follows_default:
            poll.rules_text = default_rules_text(poll)
        _note_change(poll, "polls.edit_awards", actor, ["awards"])


def default_rules_text(poll: Poll) -> str:
    """Return the rules that follow from the poll's times and limits, one sentence a line."""
    return write_rules(poll, poll.awards)


def check_ready(poll: Poll, now: datetime) -> Readiness:
    """Say what the draft lacks at `now` before it may be opened."""
    return check_readiness(poll, poll.awards, count_standing(poll.candidates), now)


def open_poll(slug: str, consent: Consent) -> None:
    """Open a draft for its times: ballots are taken from its opening to its closing time, by the database's clock.

    Numbers, awards and rules are frozen from here on. Raises Conflict where something is missing.
    """
    with transaction() as session:
        poll = draft_to_change(session, slug)
        now = database_now(session)
        refuse_unready(poll, now)
        _fix_places(poll)
        poll.rules_text = poll.rules_text or default_rules_text(poll)
        poll.state, poll.opened_at = "open", now
        _note_change(poll, "polls.open", consent.actor, ["state"])


def close_poll(slug: str, reason: str, consent: Consent) -> None:
    """End an open poll before its time, for good; waits until the ballots being written are in.

    `reason` is kept in the audit trail. Raises InvalidInput without one, Conflict where the poll is not open.
    """
    reason = check_reason(reason)
    with transaction() as session:
        lock_poll_exclusively(session, poll_to_read(session, slug).id)
        poll = poll_to_change(session, slug)
        refuse_unless_open(poll)
        _close(poll, min(_moment(session), closing_time(poll)))
        _note_change(poll, "polls.close", consent.actor, ["state"], reason)


def close_due_polls() -> list[int]:
    """Mark the polls whose closing time has come as closed; returns their ids."""
    with transaction() as session:
        due = select(Poll.id).where(Poll.state == "open", Poll.closes_at <= func.clock_now()).order_by(Poll.id)
        ids = list(session.scalars(due))
        for poll_id in ids:
            lock_poll_exclusively(session, poll_id)
            poll = _locked(session, Poll.id == poll_id)
            if poll.state == "open":
                _close(poll, closing_time(poll))
                _note_change(poll, "polls.close_on_time", SYSTEM, ["state"])
    return ids


def certify_poll(slug: str, consent: Consent) -> None:
    """Fix a closed poll's count for good and let its results be shown.

    Raises Conflict while ballots still wait for their number, or where the poll is not closed.
    """
    with transaction() as session:
        poll = poll_to_change(session, slug)
        refuse_uncertifiable(session, poll)
        votes = count_in_ledger(session, poll.id).votes
        if votes.keys() - {candidate.number for candidate in poll.candidates}:
            raise Conflict("选票里有候选对象以外的编号，不能认证，请联系系统维护人员核查。")
        session.add_all(
            CertifiedCount(poll_id=poll.id, number=candidate.number, votes=votes.get(candidate.number, 0))
            for candidate in poll.candidates
        )
        poll.state, poll.certified_at = "certified", database_now(session)
        poll.certified_by = f"{consent.requester.display_name}、{consent.approver.display_name}"
        _note_change(poll, "polls.certify", consent.actor, ["state"])


def refuse_unready(poll: Poll, now: datetime) -> None:
    """Raise Conflict where the draft lacks something before it may be opened."""
    readiness = check_ready(poll, now)
    if not readiness.ready:
        raise Conflict("还不能开启：" + "".join(concern.text for concern in readiness.missing))


def refuse_unless_open(poll: Poll) -> None:
    """Raise Conflict where there is nothing to end before its time."""
    if poll.state != "open":
        raise Conflict("只有已批准开启、还没有结束的投票可以提前结束。")


def refuse_uncertifiable(session: Session, poll: Poll) -> None:
    """Raise Conflict where the poll is not closed, ballots wait for their number, or a supervisor for an answer."""
    if poll.state != "closed":
        raise Conflict("只有已经结束的投票可以认证。")
    waiting = unnumbered_ballots(session, poll.id)
    if waiting:
        raise Conflict(f"还有{waiting}票正在编号，请稍候再认证。")
    refuse_while_objected("poll", poll.slug)


def unnumbered_ballots(session: Session, poll_id: int) -> int:
    """Count the ballots that the sequencer has not numbered yet."""
    waiting = select(func.count()).select_from(Ballot).where(Ballot.poll_id == poll_id, Ballot.number.is_(None))
    return session.scalars(waiting).one()


def poll_to_change(session: Session, slug: str) -> Poll:
    """Return the poll, kept from being changed by others until the transaction ends; raises NotFound.

    Its key stays unread, so that what needs no key works where the key cannot be decrypted.
    """
    return _locked(session, Poll.slug == slug)


def poll_to_read(session: Session, slug: str) -> Poll:
    """Return the poll with its key unread; raises NotFound."""
    return known(session, ("poll", slug), lambda: _read(session, slug))


def draft_to_change(session: Session, slug: str) -> Poll:
    """Return a poll that is still a draft; raises NotFound, or Conflict."""
    poll = poll_to_change(session, slug)
    if poll.state != "draft":
        raise Conflict("投票已批准开启，这一项不能再改。")
    return poll


def settings_of(poll: Poll) -> PollSettings:
    """Return what was entered about the poll."""
    return PollSettings(**{field.name: getattr(poll, field.name) for field in fields(PollSettings)})


def audited(poll: Poll, detail: str = "") -> str:
    """Name the poll for the audit trail, by title and address."""
    return f"{poll.title}（{poll.slug}）{detail}"


def check_reason(reason: str) -> str:
    """Return the reason without blanks around it; raises InvalidInput where there is none."""
    reason = reason.strip()
    if not reason:
        raise InvalidInput("请写明理由。", field="reason")
    if len(reason) > LONGEST_REASON:
        raise InvalidInput(f"理由太长，最多{LONGEST_REASON}个字。", field="reason")
    return reason


def closing_time(poll: Poll) -> datetime:
    """Return when an approved poll closes by itself."""
    if poll.closes_at is None:
        raise ValueError("a poll past draft has its closing time")
    return poll.closes_at


def _read(session: Session, slug: str) -> Poll:
    poll = session.scalars(select(Poll).where(Poll.slug == slug)).one_or_none()
    if poll is None:
        raise NotFound("没有这个投票。")
    return poll


def _locked(session: Session, condition: object) -> Poll:
    # NO KEY UPDATE, because a ballot's foreign key may share the row with whoever changes the poll.
    query = select(Poll).where(condition)  # type: ignore[arg-type]  # a SQL condition
    poll = session.scalars(
        query.with_for_update(key_share=True).execution_options(populate_existing=True)
    ).one_or_none()
    if poll is None:
        raise NotFound("没有这个投票。")
    return poll


def _refuse(faults: dict[str, str]) -> None:
    if faults:
        raise InvalidFields(faults)


def _slug_taken(session: Session, slug: str) -> dict[str, str]:
    taken = session.scalars(select(Poll.id).where(Poll.slug == slug)).first()
    return {"slug": "这个网址已被另一个投票使用。"} if taken else {}


def _new_award(position: int, award: AwardSettings) -> Award:
    return Award(
        position=position,
        name=award.name,
        for_organisations=award.for_organisations,
        places=award.places,
        min_choices=award.min_choices,
        max_choices=award.max_choices,
    )


def _candidates_left_without(poll: Poll, awards: Iterable[AwardSettings]) -> dict[str, str]:
    kept = {award.id for award in awards}
    left = [award for award in poll.awards if award.id not in kept and award.candidates]
    texts = [f"“{award.name}”下还有{len(award.candidates)}名候选对象，不能删去。" for award in left]
    return {"awards": "".join(texts)} if texts else {}


def _replace_awards(session: Session, poll: Poll, awards: Sequence[AwardSettings]) -> None:
    there = {award.id: award for award in poll.awards}
    kept = {award.id for award in awards}
    poll.awards = [award for award in poll.awards if award.id in kept]
    for award in poll.awards:
        award.name = f"\N{ZERO WIDTH SPACE}{award.id}"  # names may change places, and each is unique at every moment
    session.flush()
    for position, wanted in enumerate(awards):
        found = there.get(wanted.id) if wanted.id is not None else None
        if found is None:
            poll.awards.append(_new_award(position, wanted))
        else:
            found.position, found.name, found.places = position, wanted.name, wanted.places
            found.min_choices, found.max_choices = wanted.min_choices, wanted.max_choices
            found.for_organisations = wanted.for_organisations
    session.flush()
    session.expire(poll, ["awards"])


def _fix_places(poll: Poll) -> None:
    """Write down the order of each list, so that what was announced stays, whatever orders lists later."""
    for award in poll.awards:
        listed = order_candidates(award.candidates, poll.candidate_order, poll.draw_seed)
        for place, candidate in enumerate(listed, start=1):
            candidate.place_in_list = place


def _moment(session: Session) -> datetime:
    """Return the time of this very moment, which is after every ballot that was accepted while we waited.

    `clock_now()` is the time at which our transaction began, and whoever waits for a lock may have begun first.
    """
    elapsed = func.clock_timestamp() - func.now()
    moment: datetime = session.execute(select(func.clock_now() + elapsed)).scalar_one()
    return moment.astimezone(UTC)


def _close(poll: Poll, at: datetime) -> None:
    poll.state, poll.closed_at = "closed", at


def _note_change(poll: Poll, act: str, actor: Actor, names: Iterable[str], detail: str = "") -> None:
    poll.revision += 1
    record(act, audited(poll), actor, fields=tuple(names), purpose=detail)
