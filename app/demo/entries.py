"""The invented candidates as staff enter them: awards, rows of a sheet, photos."""

from collections.abc import Collection, Iterable, Sequence

from app.demo.people import DemoAward, DemoCandidate
from app.demo.portraits import draw_emblem, draw_portrait
from votes.candidate_sheet import SheetRow
from votes.photo_archive import Assignment
from votes.settings import AwardSettings


def awards_entered(awards: Sequence[DemoAward]) -> list[AwardSettings]:
    return [
        AwardSettings(
            name=award.name,
            places=award.places,
            min_choices=award.min_choices,
            max_choices=award.max_choices,
            for_organisations=award.is_organisation,
        )
        for award in awards
    ]


def rows_entered(awards: Sequence[DemoAward], *, unchecked: Collection[int] = ()) -> list[SheetRow]:
    """Return the candidates as rows; those whose number is in `unchecked` have yet to consent and to be reviewed."""
    return [
        SheetRow(
            row=candidate.number,
            number=candidate.number,
            award=award.name,
            name=candidate.name,
            unit=candidate.unit,
            post=candidate.post,
            brief=candidate.brief,
            deeds=candidate.deeds,
            photo_file="",
            consented=candidate.number not in unchecked,
            secrecy_reviewed=candidate.number not in unchecked,
        )
        for award in awards
        for candidate in award.candidates
    ]


def photos_entered(awards: Sequence[DemoAward]) -> Iterable[Assignment]:
    """Draw the photos one after the other, as they are asked for."""
    for award in awards:
        for candidate in award.candidates:
            if candidate.photo:
                yield Assignment(candidate.number, f"{candidate.number:03d}.jpg", _draw(award, candidate))


def _draw(award: DemoAward, candidate: DemoCandidate) -> bytes:
    if award.is_organisation:
        return draw_emblem(candidate.portrait_seed)
    return draw_portrait(candidate.portrait_seed, candidate.sex)
