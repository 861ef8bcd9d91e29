"""The demo's secrets: made at its first start, kept in its data folder, good for nothing else."""

import json
import secrets
import string
from pathlib import Path

from config import DEMO_FILE, ConfigError, read_demo_file
from foundation.embedded.servers import CONNECTIONS_FILE, write_private

_LETTERS = string.ascii_letters + string.digits


def prepare_demo_folder(data_dir: Path, *, port: int, public_url: str | None, sandbox_url: str | None) -> None:
    """Make or renew the demo's settings in `data_dir`; its secrets stay as they were first made.

    `sandbox_url` is where a sandbox started with the demo is reached, None where another stand-in is used. Raises
    ConfigError where the folder belongs to a service that is no demo.
    """
    kept = read_demo_file(data_dir)
    if not kept and (data_dir / CONNECTIONS_FILE).exists():
        raise ConfigError(f"DATA_DIR: {data_dir} belongs to a service that is not a demo")
    urls = {"PUBLIC_URL": public_url or f"http://127.0.0.1:{port}"}
    if sandbox_url:
        urls |= {f"WECHAT_{host.upper()}_URL": f"{sandbox_url}/{host}" for host in ("api", "open", "mp", "res")}
    data_dir.mkdir(parents=True, exist_ok=True)
    write_private(data_dir / DEMO_FILE, json.dumps({**_new_secrets(), **kept, **urls}, indent=1))


def refuse_demo_folder(data_dir: Path) -> None:
    """Raise ConfigError where `data_dir` holds a demo: its people are invented and its doors are open."""
    if read_demo_file(data_dir):
        raise ConfigError(f"DATA_DIR: {data_dir} holds a demo; a real service needs a folder of its own")


def _new_secrets() -> dict[str, str]:
    return {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "FIELD_KEYS": secrets.token_urlsafe(48),
        "WECHAT_APPID": "wx" + secrets.token_hex(8),
        "WECHAT_SECRET": secrets.token_hex(16),
        "WECHAT_ORIGINAL_ID": "gh_" + secrets.token_hex(6),
        "WECHAT_TOKEN": _letters(24),
        "WECHAT_AES_KEY": _letters(43),
        "WECHAT_MESSAGE_MODE": "safe",
        "WECHAT_CAPABILITIES": "service-verified",
    }


def _letters(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))
