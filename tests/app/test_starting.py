"""`flask up`: the real thing once, from the first start of a demo to its second, and what it refuses."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner

from app.cli import up
from app.demo.secrets import prepare_demo_folder
from app.starting import describe
from app.supervisor import Ended
from config import REQUIRED_OUTSIDE_DEMO
from foundation.embedded.places import prepare_places
from foundation.embedded.servers import write_private
from tests.conftest import passing_installation
from tests.ports import free_ports

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 120.0
STARTED = "按 Ctrl-C 停止"


@dataclass
class Up:
    """One `flask up`, what it has said so far, and how it ended."""

    folder: Path
    port: int
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        environment = {
            "PATH": os.environ["PATH"],
            "DATA_DIR": str(self.folder),
            "PORT": str(self.port),
            "WEB_WORKERS": "1",
        }
        command = [sys.executable, "-m", "flask", "up", "--demo"]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            self.said.extend(iter(output.readline, ""))

    @property
    def text(self) -> str:
        return "".join(self.said)

    def wait_for(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert self.process.poll() is None, self.text
            assert time.monotonic() < deadline, self.text
            time.sleep(0.05)

    def started(self) -> "Up":
        self.wait_for(lambda: STARTED in self.text)
        return self

    def ended(self, number: int | None = None) -> int:
        """Send a signal, if any, and return the exit code."""
        if number is not None:
            self.process.send_signal(number)
        code = self.process.wait(PATIENCE)
        self._listener.join(PATIENCE)
        return code

    def pid_of(self, part: str) -> int:
        """The process of the service whose command holds `part`."""
        found = [pid for pid, command in commands_below(self.process.pid).items() if part in command]
        assert len(found) == 1, found
        return found[0]


def commands_below(parent: int) -> dict[int, str]:
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return {int(pid): Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ") for pid in children}


def still_running(folder: Path) -> list[str]:
    """Every process that has to do with the installation in `folder`: by its environment, its folder or its command."""
    run = str(prepare_places(folder).run)
    cluster = prepare_places(folder).data / "postgresql"
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (
                f"DATA_DIR={folder}\0" in (entry / "environ").read_text(errors="replace")
                or run in (entry / "cmdline").read_text(errors="replace")
                or (entry / "cwd").resolve(strict=True) == cluster
            ):
                found.append((entry / "cmdline").read_text(errors="replace").replace("\0", " "))
        except OSError:
            continue
    return found


def get(url: str) -> tuple[int, str]:
    with urllib.request.urlopen(url, timeout=20) as response:  # noqa: S310  # an address of our own
        return response.status, response.read().decode()


def published_menu(folder: Path) -> list[str]:
    """The buttons that the platform has for the account, asked as anybody with its secret would."""
    demo = json.loads((folder / "demo.json").read_text())
    api = demo["WECHAT_API_URL"] + "/cgi-bin"
    query = f"grant_type=client_credential&appid={demo['WECHAT_APPID']}&secret={demo['WECHAT_SECRET']}"
    token = json.loads(get(f"{api}/token?{query}")[1])["access_token"]
    return [button["name"] for button in json.loads(get(f"{api}/menu/get?access_token={token}")[1])["menu"]["button"]]


def ledger(folder: Path) -> list[tuple[object, ...]]:
    """Each poll with its state and its ballots."""
    connections = json.loads((folder / "connections.json").read_text())
    query = """SELECT slug, state, count(ballot.id), max(code) FROM poll LEFT JOIN ballot ON ballot.poll_id = poll.id
               GROUP BY slug, state ORDER BY slug"""
    with psycopg.connect(connections["database_url"]) as connection:
        return connection.execute(query).fetchall()


def second_start(folder: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    result = CliRunner().invoke(up, arguments, env={"DATA_DIR": str(folder), **environment})
    return result.exit_code, result.output


@dataclass(frozen=True)
class Story:
    """What was seen from a demo's first start to its second."""

    folder: Path
    port: int
    holder: int
    first_words: str
    ready: tuple[int, str]
    home: tuple[int, str]
    phone: int
    menu: list[str]
    secrets_before: str
    refused: tuple[int, str]
    secrets_after: str
    polls: list[tuple[object, ...]]
    killed: int
    last_words: str
    left_by_kill: list[str]
    polls_again: list[tuple[object, ...]]
    home_again: tuple[int, str]
    stopped: int
    words_of_second: str
    left_by_stop: list[str]


@pytest.fixture(scope="module")
def story() -> Iterator[Story]:
    with passing_installation() as folder:
        port = free_ports(2)
        first = Up(folder, port)
        second: Up | None = None
        try:
            first.started()
            site, demo_file = f"http://127.0.0.1:{port}", folder / "demo.json"
            seen: dict[str, object] = {
                "holder": first.process.pid,
                "first_words": first.text,
                "ready": get(f"{site}/readyz"),
                "home": get(f"{site}/"),
                "phone": get(f"http://127.0.0.1:{port + 1}/")[0],
                "menu": published_menu(folder),
                "secrets_before": demo_file.read_text(),
                "refused": second_start(folder, "--demo", PORT=str(free_ports(2))),
                "secrets_after": demo_file.read_text(),
                "polls": ledger(folder),
            }
            os.kill(first.pid_of("sequencer"), signal.SIGKILL)
            seen |= {"killed": first.ended(), "last_words": first.text, "left_by_kill": still_running(folder)}
            second = Up(folder, port).started()
            seen |= {"polls_again": ledger(folder), "home_again": get(f"{site}/")}
            seen |= {"stopped": second.ended(signal.SIGINT), "words_of_second": second.text}
            yield Story(folder=folder, port=port, left_by_stop=still_running(folder), **seen)  # type: ignore[arg-type]  # as they were seen
        finally:
            for started in (first, second):
                if started is not None and started.process.poll() is None:
                    started.ended(signal.SIGTERM)


def test_the_first_start_prints_where_to_go(story: Story) -> None:
    addresses = [f"http://127.0.0.1:{story.port + 1}/", f"http://127.0.0.1:{story.port}/"]

    assert [address for address in (*addresses, addresses[1] + "console/") if address not in story.first_words] == []
    assert str(story.folder) in story.first_words
    assert "Traceback" not in story.first_words


def test_what_was_announced_answers(story: Story) -> None:
    assert (story.ready[0], json.loads(story.ready[1])) == (200, {"status": "ready", "degraded": []})
    assert story.home[0] == 200
    assert 'href="/polls/demo' in story.home[1]
    assert story.phone == 200


def test_the_menu_is_published_to_the_sandbox(story: Story) -> None:
    assert "网上评议" in story.menu
    assert len(story.menu) <= 3


def test_a_second_start_on_the_same_folder_is_refused_and_changes_nothing(story: Story) -> None:
    code, output = story.refused

    assert code == 1
    assert output == f"Error: {story.folder} is in use by process {story.holder}; stop it, or set another DATA_DIR\n"
    assert story.secrets_after == story.secrets_before


def test_a_killed_process_is_named_and_everything_stops(story: Story) -> None:
    assert story.killed == 1
    assert "sequencer was killed by SIGKILL; everything else has been stopped." in story.last_words
    assert story.left_by_kill == []


def test_starting_again_keeps_polls_and_ballots(story: Story) -> None:
    assert {slug: state for slug, state, *_ in story.polls} == {
        "demo": "open",
        "demo-past": "certified",
        "demo-next": "draft",
        "demo-draft": "draft",
    }
    assert story.polls_again == story.polls
    assert story.home_again == story.home
    assert "第一次启动" not in story.words_of_second


def test_control_c_stops_everything_and_is_no_failure(story: Story) -> None:
    assert (story.stopped, story.left_by_stop) == (0, [])
    assert story.words_of_second.endswith("Stopped.\n")


def test_being_stopped_while_it_starts_leaves_nothing_behind() -> None:
    with passing_installation() as folder:
        starting = Up(folder, free_ports(2))
        starting.wait_for((folder / "connections.json").exists)

        code = starting.ended(signal.SIGTERM)

        assert (code != 0, still_running(folder)) == (True, [])
        assert STARTED not in starting.text


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder, and an environment that says nothing."""
    for name in list(os.environ):
        monkeypatch.delenv(name)
    return tmp_path / "instance"


def test_a_real_service_is_told_which_settings_it_lacks(bare: Path) -> None:
    code, output = second_start(bare)

    assert code == 1
    assert output.removeprefix("Error: ").splitlines()[: len(REQUIRED_OUTSIDE_DEMO)] == [
        f"{name}: missing" for name in REQUIRED_OUTSIDE_DEMO
    ]


def test_a_real_service_does_not_start_on_a_demos_folder(bare: Path) -> None:
    prepare_demo_folder(bare, port=8000, public_url=None, sandbox_url=None)

    code, output = second_start(bare)

    assert code == 1
    assert output == f"Error: DATA_DIR: {bare} holds a demo; a real service needs a folder of its own\n"


def test_a_demo_does_not_start_on_a_real_services_folder(bare: Path) -> None:
    bare.mkdir()
    write_private(bare / "connections.json", "{}")

    code, output = second_start(bare, "--demo")

    assert code == 1
    assert output == f"Error: DATA_DIR: {bare} belongs to a service that is not a demo\n"
    assert not (bare / "demo.json").exists()


def test_a_port_that_is_taken_is_named(bare: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        code, output = second_start(bare, "--demo", PORT=str(port))

    assert code == 1
    assert f"Error: port {port} is taken; stop what listens there, or set PORT\n" in output


def test_a_port_that_is_no_number_is_named(bare: Path) -> None:
    code, output = second_start(bare, "--demo", PORT="eighty")

    assert (code, output.splitlines()[-1].split(":")[:2]) == (1, ["Error", " PORT"])


def test_a_demos_secrets_are_made_once_and_kept_private(bare: Path) -> None:
    prepare_demo_folder(bare, port=8000, public_url=None, sandbox_url="http://127.0.0.1:8001")
    first = json.loads((bare / "demo.json").read_text())
    prepare_demo_folder(bare, port=9000, public_url=None, sandbox_url="http://127.0.0.1:9001")
    second = json.loads((bare / "demo.json").read_text())

    assert {name for name in first if first[name] != second[name]} == {
        "PUBLIC_URL",
        "WECHAT_API_URL",
        "WECHAT_OPEN_URL",
        "WECHAT_MP_URL",
        "WECHAT_RES_URL",
    }
    assert (bare / "demo.json").stat().st_mode & 0o777 == 0o600
    shutil.rmtree(bare)
    prepare_demo_folder(bare, port=8000, public_url=None, sandbox_url="http://127.0.0.1:8001")
    assert json.loads((bare / "demo.json").read_text())["SECRET_KEY"] != first["SECRET_KEY"]


@pytest.mark.parametrize(
    ("ended", "how"),
    [
        (Ended("web", 3), "web ended with exit code 3"),
        (Ended("worker", 0), "worker ended with exit code 0"),
        (Ended("sequencer", -9), "sequencer was killed by SIGKILL"),
        (Ended("postgresql", None), "postgresql ended"),
    ],
)
def test_it_is_said_which_process_ended_and_how(ended: Ended, how: str) -> None:
    assert describe(ended) == f"{how}; everything else has been stopped. Starting again loses nothing."
