"""The period of a notice: which working days it covers, how many are left, and where the notice stands; pure."""

from dataclasses import dataclass
from datetime import date

from foundation.working_days import NO_OVERRIDES, Overrides, add_working_days, count_working_days, is_working_day
from publicity.notices.kinds import Phase


@dataclass(frozen=True, slots=True)
class Period:
    """The first and the last working day that count."""

    first: date
    last: date


def period_of(
    published_on: date, working_days: int, overrides: Overrides = NO_OVERRIDES, *, own_day: bool = False
) -> Period:
    """Return the `working_days` working days (1 or more) that follow publication.

    With `own_day` the day of publication counts itself, where it is a working day. Raises UnknownYear.
    """
    counts_itself = own_day and is_working_day(published_on, overrides)
    first = published_on if counts_itself else add_working_days(published_on, 1, overrides)
    return Period(first, add_working_days(first, working_days - 1, overrides))


def days_left(period: Period, today: date, overrides: Overrides = NO_OVERRIDES) -> int:
    """Count the working days of the period from `today` on, today included; 0 when it is over.

    The years of a period were known when it was fixed, so that what is taken out of the calendar afterwards does not
    keep a published notice from being read.
    """
    known = overrides.whole_years | {period.first.year, period.last.year}
    return count_working_days(max(today, period.first), period.last, Overrides(overrides.days, known))


def phase_of(*, published: bool, period: Period | None, concluded: bool, today: date) -> Phase:
    """Say where a notice stands on the day `today`; its period ends with its last day."""
    if not published:
        return Phase.DRAFT
    if period is None:
        return Phase.STANDING
    if concluded:
        return Phase.CONCLUDED
    return Phase.RUNNING if today <= period.last else Phase.OVER
