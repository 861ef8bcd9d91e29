"""The supervisor, with real processes: whichever ends is named, and nothing is left behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.supervisor import GRACE, Ended, Program, Supervisor

PATIENCE = 20.0
ENVIRONMENT = {"PATH": "/usr/bin:/bin"}
SLEEP = "exec sleep 600"


def shell(name: str, script: str) -> Program:
    return Program(name, ("/bin/sh", "-c", script))


def noting(name: str, note: Path, script: str = SLEEP) -> Program:
    """A program that writes its process id into `note` before it goes on."""
    return shell(name, f"echo $$ > {note}.new; mv {note}.new {note}; {script}")


def awaited(condition: Callable[[], object]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def pid_in(note: Path) -> int:
    assert awaited(note.exists)
    return int(note.read_text())


def is_gone(pid: int) -> bool:
    """Whether a process has ended; one that nobody has waited for yet has ended too."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state == "Z"


def run(programs: list[Program], ready: Callable[[], object] = lambda: None, **servers: int) -> Ended | None:
    return Supervisor(programs, servers, ENVIRONMENT).run(ready)


def run_until(programs: list[Program], condition: Callable[[], object], *, grace: float = GRACE) -> Ended | None:
    """Run the programs and request a stop once `condition` holds."""
    supervisor = Supervisor(programs, {}, ENVIRONMENT, grace=grace)

    def stop() -> None:
        assert awaited(condition)
        supervisor.request_stop()

    return supervisor.run(stop)


@pytest.fixture
def notes(tmp_path: Path) -> Iterator[list[Path]]:
    """Two places for process ids; whatever runs under them at the end is ended."""
    places = [tmp_path / "first", tmp_path / "second"]
    yield places
    for place in places:
        if place.exists() and not is_gone(pid_in(place)):
            os.kill(pid_in(place), signal.SIGKILL)


@pytest.mark.parametrize(
    ("script", "code"),
    [("exit 0", 0), ("exit 3", 3), ("kill -KILL $$", -signal.SIGKILL), ("kill -SEGV $$", -signal.SIGSEGV)],
)
def test_the_process_that_ends_is_named_with_how_and_the_others_are_stopped(
    notes: list[Path], script: str, code: int
) -> None:
    waits_for_the_other = f"while [ ! -e {notes[0]} ]; do sleep 0.01; done; {script}"

    ended = run([noting("web", notes[0]), shell("worker", waits_for_the_other)])

    assert ended == Ended("worker", code)
    assert is_gone(pid_in(notes[0]))


def test_a_requested_stop_ends_everything_and_names_nobody(notes: list[Path]) -> None:
    programs = [noting("web", notes[0]), noting("worker", notes[1])]

    assert run_until(programs, lambda: all(note.exists() for note in notes)) is None
    assert [is_gone(pid_in(note)) for note in notes] == [True, True]


def test_processes_are_asked_before_they_are_ended(tmp_path: Path, notes: list[Path]) -> None:
    asked = tmp_path / "asked"
    polite = noting("web", notes[0], f"trap 'touch {asked}; exit 0' TERM; while :; do sleep 0.02; done")

    run_until([polite], notes[0].exists)

    assert asked.exists()


def test_a_process_that_does_not_listen_is_ended_after_its_grace(notes: list[Path]) -> None:
    deaf = noting("web", notes[0], "trap '' TERM; while :; do sleep 0.02; done")

    run_until([deaf], notes[0].exists, grace=0.2)

    assert is_gone(pid_in(notes[0]))


def test_the_children_of_a_killed_leader_are_ended_too(notes: list[Path]) -> None:
    leader, child = notes
    script = f"sleep 600 & echo $! > {child}.new; mv {child}.new {child}; wait"
    killer = shell("worker", f"while [ ! -e {child} ]; do sleep 0.01; done; kill -KILL $(cat {leader}); {SLEEP}")

    ended = run([noting("web", leader, script), killer])

    assert ended == Ended("web", -signal.SIGKILL)
    assert awaited(lambda: is_gone(pid_in(child)))


def test_a_server_that_is_not_our_child_is_watched_too(notes: list[Path]) -> None:
    starter = f"sleep 600 & echo $! > {notes[0]}"
    subprocess.run(["/bin/sh", "-c", starter], check=True)
    server = pid_in(notes[0])

    def kill_server() -> None:
        assert awaited(notes[1].exists)
        os.kill(server, signal.SIGKILL)

    ended = run([noting("web", notes[1])], kill_server, postgresql=server)

    assert ended == Ended("postgresql", None)
    assert is_gone(pid_in(notes[1]))


def test_a_server_that_is_gone_before_it_is_watched_is_named(notes: list[Path]) -> None:
    gone = subprocess.Popen(["/bin/true"])
    gone.wait()

    ended = run([noting("web", notes[0])], redis=gone.pid)

    assert ended == Ended("redis", None)


def test_a_program_that_cannot_be_started_leaves_none_of_the_others(notes: list[Path]) -> None:
    with pytest.raises(FileNotFoundError):
        run([noting("web", notes[0]), Program("worker", ("/no/such/program",))])

    assert awaited(lambda: not notes[0].exists() or is_gone(pid_in(notes[0])))


def test_what_processes_say_is_passed_on_with_their_names(capfd: pytest.CaptureFixture[str]) -> None:
    run([shell("worker", "echo out; echo err >&2; printf 'caf\\351\\n'")])

    lines = [line.split(" | ") for line in capfd.readouterr().out.splitlines()]
    assert sorted(lines) == sorted([["worker    ", word] for word in ("out", "err", "caf\ufffd")])


def test_processes_see_the_given_environment_and_no_other(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRAY", "yes")

    run([shell("worker", "echo ${STRAY-none} $PATH")])

    assert capfd.readouterr().out == "worker     | none /usr/bin:/bin\n"


def test_when_the_supervisor_itself_is_killed_its_processes_end(notes: list[Path]) -> None:
    script = (
        "import sys; from app.supervisor import Program, Supervisor\n"
        f"Supervisor([Program('web', ('/bin/sh', '-c', 'echo $$ > {notes[0]}; {SLEEP}'))], {{}}, {{}}).run(print)"
    )
    supervisor = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.DEVNULL)
    assert awaited(lambda: notes[0].exists() and notes[0].read_text().endswith("\n"))

    supervisor.kill()
    supervisor.wait()

    assert awaited(lambda: is_gone(pid_in(notes[0])))


def test_ready_is_told_beside_the_watching_not_before_it() -> None:
    watched_meanwhile = threading.Event()

    ended = run([shell("web", "exit 0")], lambda: watched_meanwhile.wait(PATIENCE))

    assert ended == Ended("web", 0)
    watched_meanwhile.set()
