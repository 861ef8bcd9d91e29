"""The WSGI callable `application`, made from the environment when the server asks for it, not on import."""

import os

from flask import Flask

from wechat.sandbox.app import create_sandbox
from wechat.sandbox.config import config_from_environment


def __getattr__(name: str) -> Flask:
    if name != "application":
        raise AttributeError(name)
    return create_sandbox(config_from_environment(os.environ))
