"""Where an installation's own servers live: their user, their data, their sockets, their lock."""

import fcntl
import hashlib
import os
import pwd
import secrets
import shutil
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SERVICE_USER = "dangjian-vote"
INSTALL_LOCK = Path(f"/run/{SERVICE_USER}.lock")


class EmbeddedError(Exception):
    """A server of our own cannot be started; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """The operating system's user that the servers run as."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of one installation: `data` for the cluster, `run` for sockets, `bin` for copied programs."""

    data: Path
    run: Path
    programs: Path
    account: Account


@contextmanager
def lock(data_dir: Path) -> Iterator[None]:
    """Hold the data folder for this process; raises EmbeddedError while another holds it.

    The kernel frees the lock when the holder dies, however it dies.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    path = data_dir / "lock"
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(handle, 20).decode(errors="replace").strip()
        os.close(handle)
        raise EmbeddedError(f"{data_dir} is in use by process {holder}; stop it, or set another DATA_DIR") from None
    try:
        os.ftruncate(handle, 0)
        os.write(handle, str(os.getpid()).encode())
        yield
    finally:
        os.close(handle)


@contextmanager
def installing() -> Iterator[None]:
    """Wait for one's turn to install what this machine's installations share; only root installs."""
    handle = os.open(INSTALL_LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def in_use(data_dir: Path) -> bool:
    """Tell whether a process holds the data folder right now."""
    try:
        with lock(data_dir):
            return False
    except EmbeddedError:
        return True


def prepare_places(data_dir: Path) -> Places:
    """Make the folders of this installation, for root below the service user's own.

    PostgreSQL refuses to run as root, and another user may not be able to reach the data folder.
    """
    name = _installation_name(data_dir)
    if os.geteuid() != 0:
        user = pwd.getpwuid(os.getuid())
        account = Account(user.pw_name, user.pw_uid, user.pw_gid)
        run = Path("/tmp") / f"{SERVICE_USER}-{account.uid}-{name}"  # noqa: S108  # short, for sockets; checked below
        places = Places(data_dir / "servers", run, data_dir, account)
    else:
        account = _service_account()
        home = Path("/var/lib") / SERVICE_USER
        places = Places(home / name, Path("/run") / f"{SERVICE_USER}-{name}", home, account)
        home.mkdir(mode=0o755, parents=True, exist_ok=True)
        home.chmod(0o755)
    for folder in (places.data, places.run):
        _private_folder(folder, account)
    return places


def reachable_programs(site: Path, parts: tuple[str, ...], places: Places, version: str) -> Path:
    """Return a folder from which the service user can run what lies in `parts` of `site`.

    That is `site` itself for an ordinary user; root copies the parts, keeping their places to each other,
    because libraries are found relative to the programs.
    """
    if places.account.uid == os.geteuid():
        return site
    target = places.programs / f"programs-{version}"
    with installing():
        if not (target / "complete").exists():
            _copy_programs(site, parts, target)
    return target


def _copy_programs(site: Path, parts: tuple[str, ...], target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    for part in parts:
        shutil.copytree(site / part, target / part, symlinks=True)
    for path in [target, *target.rglob("*")]:
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if executable else 0o644)
    (target / "complete").touch()


def _installation_name(data_dir: Path) -> str:
    """Name the installation by a random id in its data folder, so that an emptied folder is a new one."""
    path = data_dir / "installation"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        path.write_text(secrets.token_hex(8))
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10]


def _service_account() -> Account:
    with installing():
        try:
            user = pwd.getpwnam(SERVICE_USER)
        except KeyError:
            command = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"]
            subprocess.run([*command, SERVICE_USER], check=True, capture_output=True)
            user = pwd.getpwnam(SERVICE_USER)
    return Account(user.pw_name, user.pw_uid, user.pw_gid)


def _private_folder(folder: Path, account: Account) -> None:
    """Make `folder` the account's alone; refuse one that somebody else put there."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (account.uid, os.geteuid()):
        raise EmbeddedError(f"{folder} belongs to somebody else; remove it")
    folder.chmod(0o700)
    if os.geteuid() == 0:
        os.chown(folder, account.uid, account.gid)
