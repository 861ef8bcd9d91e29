"""What is to be seen of an installation's own servers, also for a test that has to be somebody else.

Run as a program it becomes an ordinary user after everything is imported, because that user may not be able to reach
the environment the tests run from; PostgreSQL's programs it finds where root has put them for the service user.
"""

import json
import os
import pwd
import signal
import stat
import sys
from pathlib import Path

import psycopg
import redis

from foundation.embedded.places import lock, prepare_places
from foundation.embedded.servers import Connections, Running, embedded_servers


def observe(folder: Path) -> dict[str, object]:
    """Start, kill, restart and stop the servers of `folder`; return what was seen on the way."""
    with lock(folder):
        with embedded_servers(folder, durable=False) as running:
            sockets, owners = _sockets(folder), _owners(running)
            with psycopg.connect(running.connections.owner_url) as connection:
                connection.execute("CREATE TABLE kept (word text)")
                connection.execute("INSERT INTO kept VALUES ('first')")
            for pid in running.pids.values():
                os.kill(pid, signal.SIGKILL)
        with embedded_servers(folder, durable=False) as running:
            after_kill = _words(running.connections)
            os.kill(running.pids["postgresql"], signal.SIGKILL)
        _notes_of_another_process(folder)
        with embedded_servers(folder, durable=False) as running:
            after_stale_notes, answers = _words(running.connections), _redis_answers(running.connections)
            last = running.pids
    return {
        "sockets": sockets,
        "servers run as": owners,
        "after kill -9": after_kill,
        "after notes that name another process": after_stale_notes,
        "redis": answers,
        "left running": [name for name, pid in last.items() if _runs(pid)],
    }


def _sockets(folder: Path) -> dict[str, str]:
    """The rights on the folder of sockets and on what is in it."""
    run = prepare_places(folder).run
    found = [run, *(path for path in run.iterdir() if stat.S_ISSOCK(path.lstat().st_mode))]
    return {"folder" if path == run else path.name: oct(stat.S_IMODE(path.lstat().st_mode)) for path in found}


def _owners(running: Running) -> dict[str, str]:
    return {name: pwd.getpwuid(Path(f"/proc/{pid}").stat().st_uid).pw_name for name, pid in running.pids.items()}


def _words(connections: Connections) -> list[str]:
    with psycopg.connect(connections.owner_url) as connection:
        return [row[0] for row in connection.execute("SELECT word FROM kept").fetchall()]


def _redis_answers(connections: Connections) -> bool:
    client = redis.Redis.from_url(connections.redis_url)
    try:
        return bool(client.ping())
    finally:
        client.close()


def _notes_of_another_process(folder: Path) -> None:
    """Leave the notes that a killed server leaves, but with the number of a process that lives: this one."""
    places = prepare_places(folder)
    for note in (places.data / "postgresql" / "postmaster.pid", places.run / ".s.PGSQL.5432.lock"):
        number, _, rest = note.read_text().partition("\n")
        assert number.isdigit()
        note.write_text(f"{os.getpid()}\n{rest}")


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def become(name: str, programs: str, connections: Connections) -> None:
    """Become the user `name`; what is imported only on use is used once before."""
    _redis_answers(connections)
    with psycopg.connect(connections.owner_url):
        pass
    user = pwd.getpwnam(name)
    sys.path.insert(0, programs)
    os.chdir("/")
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)


if __name__ == "__main__":
    given = json.load(sys.stdin)
    become(given["user"], given["programs"], Connections(**given["connections"]))
    sys.stdout.write(json.dumps(observe(Path(given["folder"]))))
