"""The servers of one installation together: started, known to other commands, stopped."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from foundation.embedded import postgres, redis_server
from foundation.embedded.places import EmbeddedError, prepare_places

CONNECTIONS_FILE = "connections.json"


@dataclass(frozen=True, slots=True, repr=False)
class Connections:
    """Where PostgreSQL (as application and as owner) and Redis are reached; the addresses carry passwords."""

    database_url: str
    owner_url: str
    redis_url: str


@dataclass(frozen=True, slots=True)
class Running:
    """The connections, and the process ids of the servers that are ours, by name."""

    connections: Connections
    pids: dict[str, int]


def known_connections(
    data_dir: Path, database_url: str | None, owner_url: str | None, redis_url: str | None
) -> Connections:
    """Return the connections that were named, or else those of our own servers of this data folder.

    Raises EmbeddedError where neither is known, because nothing has been started yet.
    """
    noted = _read(data_dir)
    if database_url:
        owner = owner_url or database_url
    elif noted:
        database_url, owner = noted.database_url, noted.owner_url
    else:
        raise EmbeddedError("no database: set DATABASE_URL, or start the service with `flask up` first")
    if not redis_url and not noted:
        raise EmbeddedError("no Redis: set REDIS_URL, or start the service with `flask up` first")
    return Connections(database_url, owner, redis_url or (noted.redis_url if noted else ""))


@contextmanager
def embedded_servers(
    data_dir: Path,
    *,
    database_url: str | None = None,
    owner_url: str | None = None,
    redis_url: str | None = None,
    durable: bool = True,
) -> Iterator[Running]:
    """Run whichever servers were not named, and stop them at the end. The caller holds the folder's lock."""
    pids: dict[str, int] = {}
    places = prepare_places(data_dir)
    cluster = None
    noted = _read(data_dir) or Connections("", "", "")
    try:
        if not database_url:
            cluster = postgres.find_cluster(places, _passwords(data_dir), durable=durable)
            pids["postgresql"] = postgres.start_postgres(cluster)
            database_url, owner_url = cluster.url(postgres.APPLICATION), cluster.url(postgres.OWNER)
        noted = replace(noted, database_url=database_url, owner_url=owner_url or database_url)
        if not redis_url:
            pids["redis"] = redis_server.start_redis(places)
            redis_url = redis_server.redis_url(places)
        noted = replace(noted, redis_url=redis_url)
        write_private(data_dir / CONNECTIONS_FILE, json.dumps(asdict(noted)))
        yield Running(noted, pids)
    finally:
        if "redis" in pids:
            redis_server.stop_redis(places)
        if cluster is not None:
            postgres.stop_postgres(cluster)


def _passwords(data_dir: Path) -> dict[str, str]:
    path = data_dir / "database-passwords.json"
    if not path.exists():
        write_private(path, json.dumps(postgres.new_passwords()))
    return dict(json.loads(path.read_text()))


def _read(data_dir: Path) -> Connections | None:
    path = data_dir / CONNECTIONS_FILE
    return Connections(**json.loads(path.read_text())) if path.exists() else None


def write_private(path: Path, text: str) -> None:
    """Write a file that only this user may read, whole or not at all."""
    temporary = path.with_suffix(".new")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    temporary.replace(path)
