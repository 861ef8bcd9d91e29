"""The conversation: what is chosen so far and what the voter means become what is chosen now and an answer. Pure."""

from dataclasses import dataclass, replace

from votes.chat import wording
from votes.chat.drafts import Draft, apply_steps, drop_withdrawn, may_be_cast
from votes.chat.intentions import Change, Intention, Other, ShowChoices, ShowList, Wish
from votes.chat.numbers import words_in
from votes.chat.sheet import Sheet


@dataclass(frozen=True, slots=True)
class Turn:
    """What is kept (nothing where the conversation ends), what is answered, and whether the ballot is to be cast."""

    draft: Draft | None
    answer: str
    casts: bool = False


def begin(sheet: Sheet, draft: Draft) -> Turn:
    """Explain how to vote here, or go on with what was chosen before."""
    if draft.unanswered:
        return Turn(draft, wording.IN_DOUBT)
    if not draft.choices:
        return Turn(draft, wording.introduction(sheet))
    kept, gone = drop_withdrawn(sheet, draft)
    notes = [wording.resumed(sheet), *([wording.dropped(sheet, gone)] if gone else [])]
    return Turn(kept, wording.summary(sheet, kept, notes))


def converse(sheet: Sheet, draft: Draft, said: Intention, sent_at: int) -> Turn:
    """Answer one message of somebody who is voting, sent at `sent_at` (epoch seconds)."""
    if draft.unanswered:
        return _while_in_doubt(sheet, draft, said)
    draft, gone = drop_withdrawn(sheet, draft)
    if said is Wish.CONFIRM and sent_at < draft.changed_at:
        # It was held up, and what it confirmed has been changed since.
        return Turn(draft, wording.summary(sheet, draft, [wording.OVERTAKEN]))
    if gone and not isinstance(said, Change):
        # Nobody confirms what they have not seen.
        return Turn(draft, wording.summary(sheet, draft, [wording.dropped(sheet, gone)]))
    match said:
        case Change(steps):
            changed, changes = apply_steps(sheet, draft, steps)
            changed = replace(changed, changed_at=max(sent_at, draft.changed_at))
            told = [*([wording.dropped(sheet, gone)] if gone else []), *wording.notes_of(sheet, changes)]
            return Turn(changed, wording.summary(sheet, changed, told, changes.added))
        case Wish():
            return _fulfil(sheet, draft, said)
        case _:
            return _show(sheet, draft, said)


def _while_in_doubt(sheet: Sheet, draft: Draft, said: Intention) -> Turn:
    """The ballot may be in the ledger: it can be asked about again, and looked at, and not be changed."""
    if said is Wish.CONFIRM:
        return Turn(draft, "", casts=True)
    if isinstance(said, ShowList):
        return _show(sheet, draft, said)
    if said in (Wish.NEXT, Wish.BACK, Wish.RULES):
        return _fulfil(sheet, draft, said)
    return Turn(draft, wording.IN_DOUBT)


def _fulfil(sheet: Sheet, draft: Draft, wish: Wish) -> Turn:
    match wish:
        case Wish.CONFIRM if may_be_cast(sheet, draft):
            return Turn(draft, "", casts=True)
        case Wish.ANEW:
            return Turn(replace(draft, choices=()), wording.emptied(draft.choices))
        case Wish.STOP:
            return Turn(None, wording.STOPPED)
        case Wish.NEXT | Wish.BACK:
            return _show(sheet, draft, ShowList(draft.page + (1 if wish is Wish.NEXT else -1)))
    tell = {Wish.RULES: wording.rules, Wish.EXPLAIN: wording.introduction}.get(wish)
    if tell:
        return Turn(draft, tell(sheet))
    return Turn(draft, (wording.almost if wish is Wish.ALMOST_CONFIRM else wording.summary)(sheet, draft))


def _show(sheet: Sheet, draft: Draft, said: Intention) -> Turn:
    match said:
        case ShowList(page):
            shown = replace(draft, page=wording.nearest_page(sheet, page))
            return Turn(shown, wording.list_page(sheet, shown.page))
        case ShowChoices(page) if page:
            return Turn(draft, wording.choices_page(sheet, draft, page))
        case Other(text):
            found = sheet.named(words_in(text))
            return Turn(draft, wording.is_named(found) if found else wording.NOT_UNDERSTOOD)
    return Turn(draft, wording.summary(sheet, draft))
