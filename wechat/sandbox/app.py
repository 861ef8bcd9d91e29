"""Puts the sandbox together: the platform in memory, its hosts and the phones; and apart from them the admin API."""

from flask import Flask, Response, jsonify

from wechat.sandbox.admin.views import admin
from wechat.sandbox.config import SandboxConfig
from wechat.sandbox.current import NAME, world_of
from wechat.sandbox.hosts import VirtualHosts
from wechat.sandbox.phone.views import phone
from wechat.sandbox.platform.api import api
from wechat.sandbox.platform.mp_host import mp_host
from wechat.sandbox.platform.open_host import open_host
from wechat.sandbox.platform.res_host import res_host
from wechat.sandbox.world import World

MOST_BYTES = 16 << 20


def create_sandbox(config: SandboxConfig) -> Flask:
    """A platform with one account; everything it knows is in memory and gone with the process."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES
    app.extensions[NAME] = World(config)
    for blueprint in (api, open_host, mp_host, res_host, phone):
        app.register_blueprint(blueprint)
    app.register_blueprint(phone, name="phone_of_another_account", url_prefix="/accounts/<appid>")
    app.add_url_rule("/healthz", view_func=healthz)
    app.wsgi_app = VirtualHosts(app.wsgi_app)  # type: ignore[method-assign]  # Flask's way to add middleware
    return app


def create_admin(sandbox: Flask) -> Flask:
    """The admin API over a sandbox's platform; serve it where the backend under test does not reach."""
    app = Flask(f"{__name__}.admin", static_folder=None)
    app.extensions[NAME] = world_of(sandbox)
    app.register_blueprint(admin)
    return app


def healthz() -> Response:
    return jsonify(status="ok")
