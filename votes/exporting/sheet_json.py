"""The report as JSON. The names below are stable, as programs read them; new ones may be added.

- `format`: 1
- `kind`: `tally`, or `turnout` for a hidden poll before it is certified, which ends after `turnout_by_hour`
- `poll`: `slug`, `title`, `phase` (draft, not_open, open, closed, certified)
- `counted_at`: `2017-04-22T18:00:05+08:00`
- `last_number`: the number of the last ballot counted, 0 for none
- `exported`: who exported it, when, and under which number
- `voters`: persons
- `turnout_by_hour`: a list of `began` (`2017-04-18T09:00:00+08:00`) and `ballots`
- `ballots`: `valid`, `voided`
- `awards`: a list of `name`, `places`, `candidates`; each of these has `position`, `number`, `name`, `post`, `unit`,
  `votes`, `share_percent` (`"45.67"`, null without a ballot), `rank` (null when withdrawn), `tied`, `withdrawn`,
  `cut` (within, tied_at_cut, beyond; null when withdrawn), `remark` (`并列；在名额内`)
- `by_unit`: a list of `unit`, `award`, `candidates` (how many), `votes`, in the order of the ballot paper
"""

import json
from typing import IO, Any

from foundation.clock import local
from votes.exporting.report import AwardTally, TallyReport, TallyRow, TurnoutReport


def write(report: TurnoutReport, stream: IO[bytes], mark: str) -> None:
    """Write the JSON in UTF-8, indented for reading, with the mark of who exports it; `stream` stays open."""
    value = _turnout(report) | {"exported": mark}
    if isinstance(report, TallyReport):
        value |= _votes(report)
    stream.write(json.dumps(value, ensure_ascii=False, indent=2).encode() + b"\n")


def _turnout(report: TurnoutReport) -> dict[str, Any]:
    return {
        "format": 1,
        "kind": "tally" if isinstance(report, TallyReport) else "turnout",
        "poll": {"slug": report.slug, "title": report.title, "phase": report.phase.value},
        "counted_at": local(report.counted_at).isoformat(timespec="seconds"),
        "last_number": report.last_number,
        "voters": report.voters,
        "turnout_by_hour": [
            {"began": local(hour.began).isoformat(timespec="seconds"), "ballots": hour.ballots} for hour in report.hours
        ],
    }


def _votes(report: TallyReport) -> dict[str, Any]:
    return {
        "ballots": {"valid": report.valid, "voided": report.voided},
        "awards": [_award(award) for award in report.awards],
        "by_unit": [
            {"unit": unit.unit, "award": unit.award, "candidates": unit.candidates, "votes": unit.votes}
            for unit in report.units
        ],
    }


def _award(award: AwardTally) -> dict[str, Any]:
    return {"name": award.name, "places": award.places, "candidates": [_candidate(row) for row in award.rows]}


def _candidate(row: TallyRow) -> dict[str, Any]:
    return {
        "position": row.position,
        "number": row.number,
        "name": row.name,
        "post": row.post,
        "unit": row.unit,
        "votes": row.votes,
        "share_percent": None if row.share is None else str(row.share),
        "rank": row.rank,
        "tied": row.tied,
        "withdrawn": row.rank is None,
        "cut": None if row.cut is None else row.cut.value,
        "remark": row.remark,
    }
