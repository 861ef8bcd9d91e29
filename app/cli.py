"""The command line: starting the service, its processes, and the commands the rooms offer."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import redis
from flask import Flask, current_app
from flask.cli import with_appcontext
from rq import Worker
from rq.serializers import JSONSerializer

from app.clock import keep_time
from app.demo.announcing import announce_demo, announce_service
from app.demo.loading import load_demo
from app.demo.secrets import prepare_demo_folder, refuse_demo_folder
from app.doctor import doctor_command
from app.keeping import KeepingError, back_up, restore
from app.rotating import rotate_field_keys
from app.starting import describe, sandbox_port, start
from config import ConfigError, Settings, load_settings
from foundation.database import db
from foundation.embedded.places import EmbeddedError, in_use, lock
from foundation.queues import QUEUES
from publicity.pushes.cli import notices_commands
from staff.audit.cli import audit_commands
from staff.cli import staff_commands
from staff.personal.cli import retention_commands
from votes.cli import polls_commands
from votes.exporting.cli import tally_commands
from votes.ledger_commands import ledger_commands
from votes.room import build_sequencer
from wechat.cli import wechat_commands

ROOMS = (
    staff_commands,
    audit_commands,
    retention_commands,
    polls_commands,
    tally_commands,
    ledger_commands,
    notices_commands,
    wechat_commands,
)


def create_command_line(build: Callable[[], Flask]) -> Flask:
    """Return the service with its commands, or, where it cannot be reached now, the commands that say why."""
    need_the_service: tuple[click.Command, ...] = (*ROOMS, keys, worker, sequencer, clock)
    problem: ConfigError | EmbeddedError | None = None
    try:
        app = build()
        _check_running(app.config["SETTINGS"])
    except (ConfigError, EmbeddedError) as error:
        app, problem = Flask("app"), error
        need_the_service = tuple(_waiting(command, str(error)) for command in need_the_service)
    for command in (up, doctor_command(app, problem), sandbox, backup, restore_command, *need_the_service):
        app.cli.add_command(command)
    return app


def _check_running(settings: Settings) -> None:
    """Raise EmbeddedError where the database is one of our own, and nobody has started it."""
    if settings.database_url is None and not in_use(settings.data_dir):
        raise EmbeddedError("the service is stopped: start it with `flask up` first")


def _waiting(command: click.Command, problem: str) -> click.Command:
    """Return `command` with its help, but with the reason instead of its act."""

    def refuse() -> None:
        raise click.ClickException(problem)

    if isinstance(command, click.Group):
        return click.Group(command.name, commands=command.commands, help=command.help, callback=refuse)
    return click.Command(command.name, help=command.help, callback=refuse)


@click.command()
@click.option("--demo", is_flag=True, help="Start the demo: invented selection, sandbox, open doors. Not for real use.")
def up(demo: bool) -> None:
    """Start the whole service: servers of its own where none are named, migrations, web, worker, sequencer."""
    data_dir = Path(os.environ.get("DATA_DIR") or "instance").resolve()
    named = any(os.environ.get(f"WECHAT_{host}_URL") for host in ("API", "OPEN", "MP"))
    with_sandbox = demo and not named
    try:
        # Held before anything is written: a second start must not change what the first one runs on.
        with lock(data_dir):
            if demo:
                _prepare_demo(data_dir, with_sandbox)
            else:
                refuse_demo_folder(data_dir)
            settings = load_settings()
            click.echo("正在启动……" if demo else "Starting …")
            ended = start(
                settings,
                prepare=load_demo if demo else _load_nothing,
                announce=announce_demo if demo else announce_service,
                sandbox=with_sandbox,
            )
    except (ConfigError, EmbeddedError) as problem:
        raise click.ClickException(str(problem)) from None
    if ended is not None:
        click.echo(f"\n{describe(ended)}", err=True)
        sys.exit(1)
    click.echo("\nStopped.")


def _prepare_demo(data_dir: Path, with_sandbox: bool) -> None:
    given = os.environ.get("PORT", "")
    port = int(given) if given.isdecimal() else 8000  # one that is no number is named when the settings are read
    sandbox_url = f"http://127.0.0.1:{port + 1}" if with_sandbox else None
    prepare_demo_folder(data_dir, port=port, public_url=os.environ.get("PUBLIC_URL"), sandbox_url=sandbox_url)


def _load_nothing(_app: Flask) -> None:
    """A real service starts with what it has."""


@click.command()
@with_appcontext
def worker() -> None:
    """Run the jobs that the service enqueues: exports and other long work."""
    connection = redis.Redis.from_url(current_app.extensions["connections"].redis_url)
    db.engine.dispose()
    runner = Worker(
        list(QUEUES),
        connection=connection,
        serializer=JSONSerializer,
        worker_ttl=45,
        maintenance_interval=30,
    )
    runner.work(logging_level="WARNING", with_scheduler=False)


@click.command()
@with_appcontext
def sequencer() -> None:
    """Number ballots, keep the shown tallies, and close polls whose time has come."""
    build_sequencer().run(_asked_to_stop())


@click.command()
@with_appcontext
def clock() -> None:
    """Ring for what is done at its hour, and look after what was lost; of several clocks one rings."""
    keep_time(current_app._get_current_object(), _asked_to_stop())  # type: ignore[attr-defined]  # flask's way


def _asked_to_stop() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


@click.command()
@click.option("--port", type=int, help="Where it listens; PORT + 1 unless given.")
def sandbox(port: int | None) -> None:
    """Run the stand-in for the WeChat platform, for the demo and for trying things out."""
    with _told_plainly():
        settings = load_settings()
    port = port or sandbox_port(settings)
    callback = f"http://127.0.0.1:{settings.port}/wechat/callback"
    environment = {
        **os.environ,
        "SANDBOX_APPID": settings.wechat_appid,
        "SANDBOX_SECRET": settings.wechat_secret.get_secret_value(),
        "SANDBOX_ORIGINAL_ID": settings.wechat_original_id,
        "SANDBOX_TOKEN": settings.wechat_token.get_secret_value(),
        "SANDBOX_AES_KEY": settings.wechat_aes_key.get_secret_value(),
        "SANDBOX_PREVIOUS_AES_KEY": settings.wechat_previous_aes_key.get_secret_value(),
        "SANDBOX_CAPABILITIES": settings.wechat_capabilities,
        "SANDBOX_MESSAGE_MODE": settings.wechat_message_mode,
        "SANDBOX_CALLBACK_URL": callback,
        "SANDBOX_CALLBACK_DOMAIN": settings.public_host,
        "SANDBOX_PUBLIC_URL": f"http://127.0.0.1:{port}",
    }
    command = (
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "--log-level", "warning"),
        *("--host", "127.0.0.1", "--port", str(port), "--workers", "1", "--blocking-threads", "16"),
        "wechat.sandbox.wsgi:application",
    )
    os.execve(sys.executable, command, environment)  # noqa: S606  # the sandbox takes this process's place


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Write everything that is kept (database and files) into FILE.

    Private fields stay encrypted in it: keep FIELD_KEYS and SECRET_KEY too, elsewhere.
    """
    with _told_plainly():
        size = back_up(load_settings(), file)
    click.echo(f"{file}: {size:,} bytes")


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask before replacing what is there.")
def restore_command(file: Path, yes: bool) -> None:
    """Put what `flask backup` wrote into FILE in place of what is there now. The service must be stopped."""
    if not yes:
        click.confirm("This replaces all polls, ballots and accounts. Go on?", abort=True)
    with _told_plainly():
        restore(load_settings(), file)
    click.echo("Restored. Start the service with `flask up`.")


@click.group()
def keys() -> None:
    """Look after the keys of private fields."""


@keys.command("rotate")
@with_appcontext
def rotate() -> None:
    """Encrypt every private field and file anew with the first of FIELD_KEYS; the others may then be dropped."""
    done = rotate_field_keys()
    click.echo(f"{done.fields} fields and {done.files} files encrypted with the newest key.")


@contextmanager
def _told_plainly() -> Iterator[None]:
    """Turn what an operator can mend into a plain sentence and exit code 1."""
    try:
        yield
    except (ConfigError, EmbeddedError, KeepingError) as problem:
        raise click.ClickException(str(problem)) from None
