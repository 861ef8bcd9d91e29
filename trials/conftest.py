"""One running service for all trials; each votes in a poll of its own and prints its figure."""

from collections.abc import Callable, Iterator

import pytest

from trials.service import Service, whole_service

Figure = Callable[[str], None]


@pytest.fixture(scope="session")
def running_service() -> Iterator[Service]:
    with whole_service() as service:
        yield service


@pytest.fixture
def service(running_service: Service) -> Iterator[Service]:
    """The service as whole as it was at first, with the database's clock right again afterwards."""
    for name, process in running_service.processes.items():
        if process.poll() is not None:
            running_service.start(name)
    yield running_service
    running_service.clock.reset()


@pytest.fixture
def figure(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> Figure:
    """Print a line that is seen although the trial passes."""

    def say(line: str) -> None:
        with capsys.disabled():
            print(f"\n{request.node.name.removeprefix('test_').replace('_', ' ')}: {line}")

    return say
