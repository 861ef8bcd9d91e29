"""The WSGI callable `application`, made from the environment when the server asks for it, not on import.

With it comes the admin API's listener: on SANDBOX_ADMIN_PORT (0: none), or else on the port after SANDBOX_PUBLIC_URL's.
"""

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from flask import Flask

from wechat.sandbox.admin.listener import listen
from wechat.sandbox.app import create_admin, create_sandbox
from wechat.sandbox.config import SettingError, config_from_environment


def admin_port(environ: Mapping[str, str]) -> int:
    """Where the admin API listens, 0 for nowhere."""
    given = environ.get("SANDBOX_ADMIN_PORT")
    if given:
        if not given.isdecimal():
            raise SettingError("SANDBOX_ADMIN_PORT must be a number")
        return int(given)
    port = urlsplit(environ.get("SANDBOX_PUBLIC_URL", "")).port
    return port + 1 if port else 0


def __getattr__(name: str) -> Flask:
    if name != "application":
        raise AttributeError(name)
    sandbox = create_sandbox(config_from_environment(os.environ))
    port = admin_port(os.environ)
    if port:
        listen(create_admin(sandbox), port)
    return sandbox
