"""Candidates' photos: given one by one or from an archive, made fit for the public, taken away."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.errors import InvalidInput, NotFound
from foundation.files import file_store
from foundation.transaction import transaction
from staff.actors import Actor
from staff.audit import record
from votes.archives import ArchiveError
from votes.models import Candidate, Poll
from votes.photo_archive import Assignment, LeftOut, Match, PhotoPreview, Question, read_photo_zip, read_photos
from votes.pictures import Picture, RefusedPicture, develop
from votes.polls import audited, poll_to_change
from votes.wording import list_numbers

__all__ = [
    "Assignment",
    "LeftOut",
    "Match",
    "PhotoPreview",
    "PhotoSummary",
    "Question",
    "RefusedPhoto",
    "attach_photos",
    "read_photo_zip",
    "read_photos",
    "remove_photo",
    "set_photo",
]

_FIELDS = ("photo", "thumbnail")


@dataclass(frozen=True, slots=True)
class RefusedPhoto:
    """A photo that was not taken, and why."""

    number: int
    file: str
    reason: str


@dataclass(frozen=True, slots=True)
class PhotoSummary:
    """The numbers of the candidates who have a new photo now, and the photos that were refused."""

    attached: tuple[int, ...]
    refused: tuple[RefusedPhoto, ...]


@dataclass(frozen=True, slots=True)
class _Kept:
    """A photo that lies in the file store and waits for its candidate."""

    number: int
    file: str
    photo: str
    thumbnail: str


def attach_photos(poll_slug: str, assignments: Iterable[Assignment], actor: Actor) -> PhotoSummary:
    """Give candidates their photos; those that cannot be used are named and the others stand.

    Cut to 3:4 and encoded anew. About a tenth of a second each, so a whole poll's belong into a job. Raises NotFound
    without the poll, InvalidInput where the archive cannot be opened.
    """
    with transaction() as session:
        _poll(session, poll_slug)
    try:
        outcomes = [_keep(one, picture) for one, picture in develop((one, one.content) for one in assignments)]
    except ArchiveError as error:
        raise InvalidInput(error.message, field="file") from None
    refused = [one for one in outcomes if isinstance(one, RefusedPhoto)]
    attached, gone = _hand_over(poll_slug, [one for one in outcomes if isinstance(one, _Kept)], actor)
    return PhotoSummary(tuple(sorted(attached)), (*refused, *gone))


def set_photo(poll_slug: str, number: int, content: bytes, actor: Actor) -> None:
    """Give one candidate a photo, cut to 3:4 and encoded anew.

    Raises NotFound, and InvalidInput with what is wrong with the file.
    """
    with transaction() as session:
        _candidate(session, _poll(session, poll_slug), number)
    summary = attach_photos(poll_slug, [Assignment(number, "", content)], actor)
    if summary.refused:
        raise InvalidInput(summary.refused[0].reason, field="photo")


def remove_photo(poll_slug: str, number: int, actor: Actor) -> None:
    """Show a candidate without photo from now on; one without photo stays so. Raises NotFound."""
    with transaction() as session:
        poll = poll_to_change(session, poll_slug)
        candidate = _candidate(session, poll, number)
        if candidate.photo is not None:
            candidate.photo = candidate.thumbnail = None
            _note(poll, "candidates.remove_photo", [number], actor)


def _keep(assignment: Assignment, picture: Picture | RefusedPicture) -> _Kept | RefusedPhoto:
    """Keep the files themselves, so that a whole poll's photos are never in memory together."""
    if isinstance(picture, RefusedPicture):
        return RefusedPhoto(assignment.number, assignment.file, picture.reason)
    store = file_store()
    photo, thumbnail = store.add_public(picture.photo), store.add_public(picture.thumbnail)
    return _Kept(assignment.number, assignment.file, photo, thumbnail)


def _hand_over(poll_slug: str, kept: Sequence[_Kept], actor: Actor) -> tuple[list[int], list[RefusedPhoto]]:
    """Give the photos to their candidates; returns who has one now, and the photos whose candidate is gone."""
    with transaction() as session:
        poll = poll_to_change(session, poll_slug)
        there = {candidate.number: candidate for candidate in poll.candidates}
        for one in kept:
            if candidate := there.get(one.number):
                candidate.photo, candidate.thumbnail = one.photo, one.thumbnail
        attached = [one.number for one in kept if one.number in there]
        if attached:
            _note(poll, "candidates.attach_photos", attached, actor)
    gone = [RefusedPhoto(one.number, one.file, "没有这名候选对象。") for one in kept if one.number not in there]
    return attached, gone


def _poll(session: Session, slug: str) -> Poll:
    poll = session.scalars(select(Poll).where(Poll.slug == slug)).one_or_none()
    if poll is None:
        raise NotFound("没有这个投票。")
    return poll


def _candidate(session: Session, poll: Poll, number: int) -> Candidate:
    query = select(Candidate).where(Candidate.poll_id == poll.id, Candidate.number == number)
    candidate = session.scalars(query).one_or_none()
    if candidate is None:
        raise NotFound("没有这名候选对象。")
    return candidate


def _note(poll: Poll, act: str, numbers: Iterable[int], actor: Actor) -> None:
    poll.revision += 1
    record(act, audited(poll, f"：{list_numbers(numbers)}"), actor, fields=_FIELDS)
