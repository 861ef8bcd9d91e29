"""Candidates brought into a draft poll from a spreadsheet: all of them at once, in place of those there were."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete
from sqlalchemy.orm import Session

from foundation.errors import InvalidInput
from foundation.transaction import transaction
from staff.actors import Actor
from staff.audit import record
from votes.candidate_sheet import ImportPreview, Remark, SheetRow, read_candidates
from votes.models import Award, Candidate, Poll
from votes.ordering import initials
from votes.polls import audited, draft_to_change

__all__ = [
    "AwardImport",
    "ImportPreview",
    "ImportSummary",
    "Remark",
    "SheetRow",
    "import_candidates",
    "read_candidates",
]

_IMPORTED_FIELDS = (
    "number",
    "award",
    "name",
    "unit",
    "post",
    "brief",
    "deeds",
    "consented",
    "secrecy_reviewed",
)


@dataclass(frozen=True, slots=True)
class AwardImport:
    """What an import did to one award: new candidates, those that were there before, those that are gone."""

    award: str
    added: int
    replaced: int
    removed: int


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """What an import did, award by award, and how many photos stayed with their candidates."""

    awards: tuple[AwardImport, ...]
    photos_kept: int

    @property
    def candidates(self) -> int:
        return sum(award.added + award.replaced for award in self.awards)


def import_candidates(poll_slug: str, rows: Sequence[SheetRow], actor: Actor) -> ImportSummary:
    """Replace all candidates of a draft poll by `rows`, the rows of a preview without faults.

    A photo stays where name and unit are the same. Raises NotFound; Conflict past draft; InvalidInput without rows,
    or where an award has been renamed since the preview.
    """
    with transaction() as session:
        poll = draft_to_change(session, poll_slug)
        awards = {award.name: award for award in poll.awards}
        _check_rows(rows, awards)
        before = list(poll.candidates)
        photos = {(one.name, one.unit): (one.photo, one.thumbnail) for one in before if one.photo}
        summary = _summarise(awards, before, rows, sum((row.name, row.unit) in photos for row in rows))
        _replace(session, poll, [_candidate(poll, awards[row.award], row, photos) for row in rows])
        poll.revision += 1
        record("candidates.import", audited(poll), actor, fields=_IMPORTED_FIELDS)
    return summary


def _check_rows(rows: Sequence[SheetRow], awards: Mapping[str, Award]) -> None:
    if not rows:
        raise InvalidInput("没有可以导入的候选对象。", field="file")
    unknown = {row.award for row in rows} - awards.keys()
    if unknown:
        raise InvalidInput(f"投票里没有“{min(unknown)}”这个奖项，请重新上传表格。", field="file")


def _replace(session: Session, poll: Poll, candidates: Sequence[Candidate]) -> None:
    session.execute(delete(Candidate).where(Candidate.poll_id == poll.id))
    session.add_all(candidates)
    session.flush()
    session.expire(poll, ["candidates"])
    for award in poll.awards:
        session.expire(award, ["candidates"])


def _candidate(
    poll: Poll, award: Award, row: SheetRow, photos: Mapping[tuple[str, str], tuple[str | None, str | None]]
) -> Candidate:
    photo, thumbnail = photos.get((row.name, row.unit), (None, None))
    return Candidate(
        poll_id=poll.id,
        award_id=award.id,
        number=row.number,
        name=row.name,
        unit=row.unit,
        post=row.post,
        brief=row.brief,
        deeds=row.deeds,
        initials=initials(row.name),
        photo=photo,
        thumbnail=thumbnail,
        consented=row.consented,
        secrecy_reviewed=row.secrecy_reviewed,
    )


def _summarise(
    awards: Mapping[str, Award], before: Sequence[Candidate], rows: Sequence[SheetRow], photos_kept: int
) -> ImportSummary:
    there = {(one.award.name, one.name, one.unit) for one in before}
    coming = {(row.award, row.name, row.unit) for row in rows}
    added, replaced, removed = (
        Counter(award for award, _, _ in some) for some in (coming - there, coming & there, there - coming)
    )
    return ImportSummary(
        tuple(AwardImport(name, added[name], replaced[name], removed[name]) for name in awards), photos_kept
    )
