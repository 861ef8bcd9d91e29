"""The JSON of the outer contract, written from what the use cases return."""

from datetime import datetime

from config import Settings
from foundation.clock import local
from votes.ballot_page import AwardColumn, BallotPage, CandidateCard
from votes.casting import Outcome, Status
from votes.phases import Phase
from votes.reading import Me
from votes.results import AwardResult, PollResults

Json = dict[str, object]

HTTP = {
    Status.ACCEPTED: 201,
    Status.REPLAYED: 200,
    Status.ALREADY_VOTED: 409,
    Status.INVALID: 422,
    Status.NOT_ALLOWED: 403,
    Status.CLOSED: 410,
    Status.TOO_FAST: 429,
    Status.UNAVAILABLE: 503,
}


def outcome_json(outcome: Outcome, settings: Settings) -> Json:
    """Write what became of a ballot. Its receipt is the one first given, the same bytes every time."""
    body: Json = {"status": outcome.status.value}
    if outcome.receipt is not None:
        body["receipt"] = outcome.receipt.as_json(settings.public_url)
    if outcome.reason is not None:
        body["reason"] = outcome.reason
    if outcome.status is Status.INVALID:
        body["award"] = outcome.award
    return body


def me_json(me: Me, settings: Settings) -> Json:
    return {
        "signed_in": me.signed_in,
        "snapshot": me.snapshot,
        "receipt": me.receipt.as_json(settings.public_url) if me.receipt else None,
        "order_seed": me.order_seed,
        "now": _moment(me.now),
        "state": me.phase,
        "results": me.sees_results,
        "note": me.note or None,
        "sandbox": not settings.wechat_open_url.startswith("https://open.weixin.qq.com"),
    }


def poll_json(page: BallotPage, phase: Phase) -> Json:
    return {
        "slug": page.slug,
        "title": page.title,
        "state": phase,
        "opens_at": _moment(page.opens_at),
        "closes_at": _moment(page.closes_at),
        "awards": [_award(award) for award in page.awards],
    }


def results_json(results: PollResults) -> Json:
    return {
        "slug": results.slug,
        "title": results.title,
        "state": results.phase,
        "as_of": _moment(results.as_of),
        "ballots": results.ballots,
        "valid": results.ballots - results.voided,
        "voided": results.voided,
        "awards": [_award_result(award) for award in results.awards],
    }


def _award(award: AwardColumn) -> Json:
    return {
        "name": award.name,
        "places": award.places,
        "min": award.min_choices,
        "max": award.max_choices,
        "candidates": [_candidate(card) for card in award.candidates],
    }


def _candidate(card: CandidateCard) -> Json:
    return {
        "number": card.number,
        "name": card.name,
        "unit": card.unit,
        "post": card.post,
        "brief": card.brief,
        "thumbnail": f"/files/{card.thumbnail}" if card.thumbnail else None,
        "withdrawn": card.withdrawn,
    }


def _award_result(award: AwardResult) -> Json:
    rows = [
        {
            "number": row.number,
            "name": row.name,
            "unit": row.unit,
            "votes": row.votes,
            "rank": row.standing.rank if row.standing else None,
            "tied": row.standing.tied if row.standing else False,
            "withdrawn": row.withdrawn,
        }
        for row in award.candidates
    ]
    return {"name": award.name, "places": award.places, "candidates": rows}


def _moment(moment: datetime | None) -> str | None:
    return local(moment).isoformat() if moment else None
