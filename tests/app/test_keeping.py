"""Backups: what was kept comes back, into an emptied or a changed service, and nothing half or damaged does."""

import gzip
import io
import shutil
import stat
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from flask import Flask

from app.factory import create_app
from app.keeping import KeepingError, back_up, restore
from app.migrating import migrate
from config import Settings
from foundation.database import db
from foundation.embedded.places import lock, prepare_places
from foundation.embedded.servers import embedded_servers, known_connections
from foundation.files import file_store
from foundation.transaction import transaction
from staff import audit
from tests.conftest import make_settings, passing_installation
from tests.factories import CLERK, fill_ledger, make_poll
from votes.models import PollHead

TABLES = ("poll", "award", "candidate", "ballot", "audit_entry", "audit_link", "alembic_version")


@dataclass(frozen=True)
class Kept:
    """What a service held when it was backed up, and the backup."""

    archive: Path
    rows: dict[str, list[tuple[object, ...]]]
    files: dict[str, bytes]
    epochs: list[str]
    left_by_backup: list[str]
    mode: int


@contextmanager
def service(settings: Settings) -> Iterator[Flask]:
    """The service running on its own servers, as `flask up` holds it."""
    with lock(settings.data_dir), embedded_servers(settings.data_dir) as running:
        app = create_app(settings, running.connections)
        migrate(app)
        with app.app_context():
            yield app
            db.engine.dispose()


def rows(settings: Settings) -> dict[str, list[tuple[object, ...]]]:
    url = known_connections(settings.data_dir, None, None, None).owner_url
    with psycopg.connect(url) as connection:
        return {table: connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in TABLES}


def epochs() -> list[str]:
    with transaction() as session:
        return [head.epoch for head in session.query(PollHead).order_by(PollHead.poll_id)]


def files(settings: Settings) -> dict[str, bytes]:
    root = settings.data_dir / "files"
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def settings() -> Iterator[Settings]:
    with passing_installation() as folder:
        yield make_settings(data_dir=folder)


@pytest.fixture(scope="module")
def kept(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """A service with a poll, ballots and files, backed up while it ran."""
    folder = tmp_path_factory.mktemp("backup")
    archive = folder / "kept.tar.gz"
    with service(settings):
        fill_ledger(make_poll(awards=(("示例奖", 7, 7),)), 20)
        with transaction():
            audit.record("polls.open", "demo", CLERK)
        file_store().add_public(b"a photo")
        file_store().add_private(b"an original")
        size = back_up(settings, archive)
        held = Kept(
            archive,
            rows(settings),
            files(settings),
            epochs(),
            sorted(path.name for path in folder.iterdir()),
            stat.S_IMODE(archive.stat().st_mode),
        )
    assert size == archive.stat().st_size
    return held


def test_a_backup_is_one_file_for_its_writer_alone(kept: Kept) -> None:
    with tarfile.open(kept.archive) as archive:
        names = archive.getnames()

    assert (kept.left_by_backup, kept.mode) == (["kept.tar.gz"], 0o600)
    assert {name.split("/")[0] for name in names} == {"database.dump", "files"}
    assert {name.removeprefix("files/") for name in names} >= set(kept.files)


def test_a_changed_service_is_brought_back_to_what_was_kept(kept: Kept, settings: Settings) -> None:
    with service(settings):
        make_poll("later")
        with transaction():
            audit.record("polls.open", "later", CLERK)
        changed = rows(settings)
    shutil.rmtree(settings.data_dir / "files" / "private")

    restore(settings, kept.archive)

    with service(settings) as app:
        assert changed != kept.rows
        assert (rows(settings), files(settings)) == (kept.rows, kept.files)
        assert app.test_client().get("/polls/later").status_code == 404
        assert set(epochs()).isdisjoint(kept.epochs)


def test_an_emptied_service_is_brought_back_and_goes_on(kept: Kept) -> None:
    with passing_installation() as folder:
        emptied = make_settings(data_dir=folder)

        restore(emptied, kept.archive)

        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder / "files").iterdir()}
        with service(emptied) as app:
            assert (rows(emptied), files(emptied)) == (kept.rows, kept.files)
            assert app.test_client().get("/polls/demo").status_code == 200
            with psycopg.connect(known_connections(folder, None, None, None).database_url) as application:
                may = application.execute(
                    "SELECT has_table_privilege('ballot', 'INSERT'), has_table_privilege('ballot', 'DELETE')"
                ).fetchone()
    assert may == (True, False)
    assert modes == {"public": 0o700, "private": 0o700}


def test_a_stopped_service_can_be_backed_up_too(kept: Kept, settings: Settings, tmp_path: Path) -> None:
    assert back_up(settings, tmp_path / "again.tar.gz") > 0
    assert not (prepare_places(settings.data_dir).data / "postgresql" / "postmaster.pid").exists()


def test_a_running_service_is_not_restored_into(kept: Kept, settings: Settings) -> None:
    with lock(settings.data_dir):
        with pytest.raises(KeepingError, match="the service is running: stop it before restoring"):
            restore(settings, kept.archive)


def repacked(archive: Path, change: dict[str, bytes | None]) -> bytes:
    """The archive with some members replaced, or left out where the new content is None."""
    packed = io.BytesIO()
    with tarfile.open(archive) as old, tarfile.open(fileobj=packed, mode="w:gz") as new:
        for member in old:
            content = old.extractfile(member).read() if member.isfile() else b""  # type: ignore[union-attr]  # a file has one
            if member.name in change:
                content = change[member.name] or b""
                member.size = len(content)
            if change.get(member.name, b"") is not None:
                new.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def flipped(whole: bytes, place: int) -> bytes:
    return whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]


def test_nothing_damaged_is_restored_and_nothing_is_changed_by_trying(
    kept: Kept, settings: Settings, tmp_path: Path
) -> None:
    whole = kept.archive.read_bytes()
    damaged = {
        "empty": b"",
        "no archive": b"not an archive at all" * 100,
        "packed nonsense": gzip.compress(b"not an archive" * 100),
        "cut in half": whole[: len(whole) // 2],
        "last byte missing": whole[:-1],
        "without its dump": repacked(kept.archive, {"database.dump": None}),
        **{f"byte {place} changed": flipped(whole, place) for place in range(20, len(whole), len(whole) // 25)},
        "sum changed": flipped(whole, len(whole) - 6),
    }
    told = {}
    for name, content in damaged.items():
        (tmp_path / "damaged").write_bytes(content)
        try:
            restore(settings, tmp_path / "damaged")
            told[name] = "restored"
        except KeepingError as refused:
            told[name] = str(refused).removeprefix(f"{tmp_path}/damaged ").split(":")[0]

    assert told == dict.fromkeys(damaged, "is not a backup")
    assert files(settings) == kept.files


def test_a_dump_that_cannot_be_read_to_its_end_leaves_the_database_as_it_was(
    kept: Kept, settings: Settings, tmp_path: Path
) -> None:
    restore(settings, kept.archive)
    with tarfile.open(kept.archive) as archive:
        dump = archive.extractfile("database.dump").read()  # type: ignore[union-attr]  # it is a file
    (tmp_path / "half").write_bytes(repacked(kept.archive, {"database.dump": dump[: len(dump) * 2 // 3]}))

    with pytest.raises(KeepingError, match="pg_restore failed"):
        restore(settings, tmp_path / "half")

    with service(settings):
        assert rows(settings) == kept.rows


def test_an_archive_that_reaches_outside_is_refused(settings: Settings, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "evil.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo("../../outside")
        member.size = 4
        archive.addfile(member, io.BytesIO(b"evil"))

    with pytest.raises(KeepingError, match="is not a backup"):
        restore(settings, tmp_path / "evil.tar.gz")


def test_no_password_stands_in_a_command(
    kept: Kept, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program in the place of pg_dump writes down the command it was given."""
    spy = tmp_path / "pg_dump"
    spy.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/seen\nexit 1\n')
    spy.chmod(0o755)
    monkeypatch.setattr("app.keeping.client_program", lambda name: spy)

    with pytest.raises(KeepingError, match="pg_dump failed"):
        back_up(settings, tmp_path / "b.tar.gz")

    url = known_connections(settings.data_dir, None, None, None).owner_url
    password = url.split(":")[2].split("@")[0]
    seen = (tmp_path / "seen").read_text()
    assert "--dbname=postgresql://vote_owner@" in seen
    assert password not in seen
    assert not (tmp_path / "b.tar.gz").exists()
