"""A thousand ballots in the name of somebody else: none is in the ledger, and the honest ones among them all are."""

from collections import Counter

from tests.wechat.forgeries import FORGERIES, REFUSED, forging_ground, genuine_ballots
from trials.conftest import Figure
from trials.service import Service

TRIES = 1_000


def test_forged_identities(service: Service, figure: Figure) -> None:
    tried: Counter[str] = Counter()
    with forging_ground(service.running.connections, seed=2026) as ground:
        names = list(FORGERIES)
        honest = genuine_ballots(ground)
        for number in range(TRIES):
            name = names[number % len(names)]
            assert FORGERIES[name](ground) in REFUSED, name
            tried[name] += 1
        accepted = [tag for tag in ground.ballots() if tag not in honest]
        assert sorted(ground.ballots()) == honest
    figure(f"{sum(tried.values()):,} ballots in {len(tried)} ways: {len(accepted)} accepted")
