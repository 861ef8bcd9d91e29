"""Backups: everything that is kept in one file, and back."""

import gzip
import os
import secrets
import shutil
import subprocess
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url

from app.migrating import grant
from config import Settings
from foundation.database import libpq_url
from foundation.embedded.places import in_use, lock
from foundation.embedded.postgres import client_program
from foundation.embedded.servers import Connections, embedded_servers, known_connections

DUMP, FILES = "database.dump", "files"
_CHUNK = 1 << 20


class KeepingError(Exception):
    """A backup could not be written or read; the message says why."""


def back_up(settings: Settings, target: Path) -> int:
    """Write database and files into `target` and return its size in bytes. The service may be running."""
    with _servers(settings) as connections, tempfile.TemporaryDirectory() as folder:
        dump = Path(folder) / DUMP
        _run(connections, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={dump}")
        unfinished = target.with_name(target.name + ".unfinished")
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file, tarfile.open(fileobj=file, mode="w:gz") as archive:
            archive.add(dump, DUMP)
            # Files after the dump: a file is only ever added, so every one the dump names is there.
            if (settings.data_dir / FILES).exists():
                archive.add(settings.data_dir / FILES, FILES)
        unfinished.replace(target)
    return target.stat().st_size


def restore(settings: Settings, source: Path) -> None:
    """Replace database and files by those in `source`. Raises KeepingError while the service runs.

    Every poll gets a new epoch, so that no tally left in Redis is taken for one of the restored ledger.
    """
    if in_use(settings.data_dir):
        raise KeepingError("the service is running: stop it before restoring")
    with _unpacked(source) as folder, _servers(settings) as connections:
        flags = ("--clean", "--if-exists", "--no-owner", "--no-privileges", "--single-transaction")
        _run(connections, "pg_restore", *flags, str(folder / DUMP))
        grant(connections)
        with psycopg.connect(libpq_url(connections.owner_url)) as connection:
            for (poll,) in connection.execute("SELECT poll_id FROM poll_head").fetchall():
                epoch = secrets.token_hex(8)
                connection.execute("UPDATE poll_head SET epoch = %s WHERE poll_id = %s", (epoch, poll))
        if (folder / FILES).exists():
            shutil.copytree(folder / FILES, settings.data_dir / FILES, dirs_exist_ok=True)
            for kept in (settings.data_dir / FILES).iterdir():
                kept.chmod(0o700)


@contextmanager
def _servers(settings: Settings) -> Iterator[Connections]:
    """Reach the database: through the running service, or by starting our own servers for the while."""
    named = (settings.database_url, settings.database_owner_url, settings.redis_url)
    if in_use(settings.data_dir):
        yield known_connections(settings.data_dir, *named)
        return
    with (
        lock(settings.data_dir),
        embedded_servers(settings.data_dir, database_url=named[0], owner_url=named[1], redis_url=named[2]) as running,
    ):
        yield running.connections


@contextmanager
def _unpacked(source: Path) -> Iterator[Path]:
    """Unpack a backup for the while; raises KeepingError where it is none or is damaged."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _unpack(source, folder)
        yield folder


def _unpack(source: Path, folder: Path) -> None:
    try:
        # Read to its end first: only there stands the sum that shows whether a byte was changed.
        with gzip.open(source) as whole:
            while whole.read(_CHUNK):
                pass
        with tarfile.open(source, "r:gz") as archive:
            archive.extractall(folder, filter="data")
    except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise KeepingError(f"{source} is not a backup: {error}") from None
    if not (folder / DUMP).exists():
        raise KeepingError(f"{source} is not a backup: it has no {DUMP}")


def _run(connections: Connections, program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs on the database, as its owner.

    The password goes by the environment: everybody on the machine may read a command.
    """
    url = make_url(libpq_url(connections.owner_url))
    # `url.set` takes None for no change, and what is rendered by default holds *** for the password.
    address = url._replace(password=None).render_as_string(hide_password=False)
    environment = {**os.environ, "PGPASSWORD": str(url.password or os.environ.get("PGPASSWORD", ""))}
    command = [str(client_program(program)), f"--dbname={address}", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise KeepingError(f"{program} failed: {done.stderr.strip()}")
