"""The application put together: the rooms from the ground up, each given what it needs."""

from pathlib import Path

from flask import Flask
from flask_migrate import Migrate

from app.errors import init_errors
from app.health import blueprint as health
from app.home import blueprint as home
from app.home import init_home
from app.me import init_me
from app.offering import offer_polls
from app.public_files import blueprint as public_files
from app.texts import init_texts
from config import Settings
from foundation.assets import init_assets
from foundation.clock import show_moment
from foundation.database import db, init_database
from foundation.embedded.servers import Connections
from foundation.encryption import init_encryption
from foundation.files import init_files
from foundation.keyvalue import init_keyvalue
from foundation.logs import configure_logs, init_logs
from foundation.queues import init_queues
from foundation.web import init_web, trust_proxies
from publicity.room import register_publicity
from staff.authority import check_doors
from staff.room import register_staff
from votes.room import register_votes
from wechat.room import register_wechat

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("app", "votes", "publicity", "wechat", "staff")
MAX_UPLOAD = 320 * 1024 * 1024  # bytes; the photos of a whole poll come in one archive


def create_app(settings: Settings, connections: Connections) -> Flask:
    """Build the application on the database and Redis of `connections`; nothing is read from the environment."""
    configure_logs()
    app = Flask("app", root_path=str(ROOT / "app"), static_folder=None)
    app.config.update(
        SETTINGS=settings,
        SECRET_KEY=settings.secret_key.get_secret_value(),
        MAX_CONTENT_LENGTH=MAX_UPLOAD,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        SESSION_COOKIE_NAME="__Host-console" if settings.secure else "console",
        SESSION_COOKIE_SECURE=settings.secure,
        SESSION_COOKIE_SAMESITE="Lax",
    )
    app.url_map.strict_slashes = False
    app.extensions["connections"] = connections
    _lay_the_ground(app, settings, connections)
    register_staff(app)
    register_wechat(app)
    register_votes(app, connections)
    register_publicity(app)
    offer_polls(app)
    app.register_blueprint(health)
    app.register_blueprint(public_files)
    app.register_blueprint(home)
    init_me(app)
    init_home(app)
    init_texts(app)
    check_doors(app)
    trust_proxies(app, settings.trusted_proxies)
    return app


def _lay_the_ground(app: Flask, settings: Settings, connections: Connections) -> None:
    init_logs(app)
    init_web(app, secure=settings.secure)
    init_errors(app)
    init_database(app, connections.database_url, pool_size=settings.web_threads)
    Migrate(app, db, directory=str(ROOT / "migrations"), compare_type=True)
    init_encryption(app, tuple(key.get_secret_value() for key in settings.field_keys))
    init_keyvalue(app, connections.redis_url)
    init_queues(app, connections.redis_url)
    init_files(app, settings.data_dir)
    init_assets(app, [ROOT / room / "static" for room in ROOMS], _vendor())
    app.add_template_filter(show_moment, "moment")
    app.add_template_filter(_thousands, "thousands")


def _vendor() -> dict[str, Path]:
    """Name the third-party files that pages use; npm brings them, and nothing else of theirs is served."""
    modules = ROOT / "node_modules"
    return {
        "vendor/htmx.min.js": modules / "htmx.org" / "dist" / "htmx.min.js",
        "vendor/echarts.simple.min.js": modules / "echarts" / "dist" / "echarts.simple.min.js",
        "vendor/qrcode.js": modules / "qrcode-generator" / "dist" / "qrcode.js",
    }


def _thousands(number: int) -> str:
    return f"{number:,}"
