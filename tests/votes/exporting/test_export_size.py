"""A large ledger is exported in the memory of a small one."""

import tracemalloc

from flask import Flask

from staff.personal.watermark import Taker
from tests.votes.exporting.factories_tally import fill_ledger, invented_people, make_poll_with_ledger
from votes.exporting.export import export_tally

TAKER = Taker("示例经办", "shili-jingban", "0123abcd")


def peak_of_export() -> int:
    tracemalloc.start()
    try:
        export_tally("shili", "xlsx", TAKER)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_stays_flat_while_the_ledger_grows(app: Flask) -> None:
    poll_id = make_poll_with_ledger(invented_people(15, 15, 150), ())
    fill_ledger(poll_id, 1, 20_000)
    export_tally("shili", "xlsx", TAKER)
    small = peak_of_export()
    fill_ledger(poll_id, 20_001, 60_000)
    assert peak_of_export() < small * 1.2
