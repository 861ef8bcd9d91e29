"""Redis forgets everything while it shows the tally of a large poll."""

from foundation.transaction import transaction
from tests.factories import fill_ledger
from trials.conftest import Figure
from trials.service import Service, await_that
from votes.parts import votes_parts
from votes.tally import count_in_ledger

BALLOTS, WITHIN = 100_000, 5.0  # seconds


def test_a_flushed_tally_is_exact_again_within_seconds(service: Service, figure: Figure) -> None:
    poll = service.open_poll(awards=(("示例奖", 7, 7),))
    with service.app.app_context():
        fill_ledger(poll.poll_id, BALLOTS)
        with transaction() as session:
            exact = count_in_ledger(session, poll.poll_id)

    def is_exact() -> bool:
        with service.app.app_context():
            shown = votes_parts().tally.read(poll.poll_id)
        return shown is not None and (shown.number, shown.votes) == (BALLOTS, exact.votes)

    await_that(is_exact, "the tally is counted")
    service.flush_redis()
    seconds = await_that(is_exact, "the tally is counted again")

    assert exact.ballots == BALLOTS
    assert seconds <= WITHIN
    figure(f"exact over {BALLOTS:,} ballots {seconds:.2f} s after the flush (bound {WITHIN:.0f} s)")
