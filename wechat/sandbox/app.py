"""Puts the sandbox together: the account in memory, the platform's hosts, the phone."""

from flask import Flask, Response, jsonify

from wechat.sandbox.account import Account
from wechat.sandbox.api import api
from wechat.sandbox.config import SandboxConfig
from wechat.sandbox.current import NAME
from wechat.sandbox.hosts import VirtualHosts
from wechat.sandbox.open_host import open_host
from wechat.sandbox.phone import phone

MOST_BYTES = 1 << 20


def create_sandbox(config: SandboxConfig) -> Flask:
    """A platform for one account; everything it knows is in memory and gone with the process."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES
    app.extensions[NAME] = Account(config)
    for blueprint in (api, open_host, phone):
        app.register_blueprint(blueprint)
    app.add_url_rule("/healthz", view_func=healthz)
    app.wsgi_app = VirtualHosts(app.wsgi_app)  # type: ignore[method-assign]  # Flask's way to add middleware
    return app


def healthz() -> Response:
    return jsonify(status="ok")
