"""Whatever is pushed, there is no server error and nobody waits a second: bodies and encryption, 200,000 inputs."""

from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from trials.conftest import Figure
from trials.push_shapes import SHAPES_EACH, try_shapes
from trials.service import Service

INPUTS, PROCESSES = 200_000, 2


def test_no_push_is_too_odd(service: Service, figure: Figure) -> None:
    examples = INPUTS // SHAPES_EACH // PROCESSES
    given = (str(service.folder), service.running.connections, examples)
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as processes:
        found = [
            one.result(600) for one in [processes.submit(try_shapes, *given, number) for number in range(PROCESSES)]
        ]
    assert [wrong for one in found for wrong in one.wrong[:5]] == []
    assert sum(one.inputs for one in found) >= INPUTS
    statuses: Counter[int] = sum((one.statuses for one in found), Counter())
    assert min(statuses[status] for status in (200, 400, 403)) > 500
    slowest = max(one.slowest for one in found)
    figure(f"{sum(statuses.values()):,} pushes, {dict(sorted(statuses.items()))}, the slowest {slowest:.2f} s")
