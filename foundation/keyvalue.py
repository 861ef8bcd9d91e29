"""Redis: a cache, a limiter and a doorbell; never the only holder of anything."""

from importlib import resources
from typing import Any

import redis
from flask import Flask, current_app
from redis.commands.core import Script

RedisError = redis.RedisError
# redis-py types its client for bytes and text alike; the service reads bytes.
Redis = redis.Redis


def connect(url: str, *, max_connections: int = 64) -> Redis:
    """Return a client whose calls give up within a second, so that a lost Redis slows nobody for long."""
    return redis.Redis.from_url(
        url,
        socket_timeout=1.0,
        socket_connect_timeout=0.5,
        health_check_interval=30,
        max_connections=max_connections,
    )


def load_script(client: Redis, package: str, name: str) -> Script:
    """Register the script `name` that lies in `package`/lua, to be called by its digest."""
    source = resources.files(package).joinpath("lua", name).read_text(encoding="utf-8")
    return client.register_script(source)


def init_keyvalue(app: Flask, url: str) -> None:
    app.extensions["redis"] = connect(url)


def keyvalue() -> Any:
    """Return the application's client; typed loosely because redis-py's answers depend on the server's protocol."""
    return current_app.extensions["redis"]
