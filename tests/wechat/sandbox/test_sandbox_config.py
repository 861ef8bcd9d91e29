"""The sandbox starts from its environment, or says what is missing."""

import os
import subprocess
import sys

import pytest

from wechat.sandbox.config import SETTINGS, SandboxConfig, SettingError, config_from_environment

from .backend import AES_KEY, APPID, ORIGINAL_ID, SECRET, TOKEN

ENVIRONMENT = {
    "SANDBOX_APPID": APPID,
    "SANDBOX_SECRET": SECRET,
    "SANDBOX_ORIGINAL_ID": ORIGINAL_ID,
    "SANDBOX_TOKEN": TOKEN,
    "SANDBOX_AES_KEY": AES_KEY,
    "SANDBOX_MESSAGE_MODE": "safe",
    "SANDBOX_CALLBACK_URL": "http://127.0.0.1:8000/wechat/callback",
    "SANDBOX_CALLBACK_DOMAIN": "127.0.0.1:8000",
    "SANDBOX_PUBLIC_URL": "http://127.0.0.1:8001",
}


def test_the_environment_is_read() -> None:
    config = config_from_environment(ENVIRONMENT)
    assert {name: getattr(config, key) for key, name in SETTINGS.items()} == ENVIRONMENT
    assert isinstance(config, SandboxConfig)


@pytest.mark.parametrize("name", ENVIRONMENT)
def test_a_missing_variable_is_named(name: str) -> None:
    with pytest.raises(SettingError, match=rf"without {name}$"):
        config_from_environment(ENVIRONMENT | {name: ""})


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [("SANDBOX_MESSAGE_MODE", "secret", "message_mode"), ("SANDBOX_AES_KEY", "short", "aes_key")],
)
def test_a_setting_that_cannot_be_used_is_named(name: str, value: str, named: str) -> None:
    with pytest.raises(SettingError, match=named):
        config_from_environment(ENVIRONMENT | {name: value})


def served_by_wsgi(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    program = "import wechat.sandbox.wsgi as wsgi; print(wsgi.application.test_client().get('/healthz').status_code)"
    bare = {name: value for name, value in os.environ.items() if not name.startswith("SANDBOX_")}
    return subprocess.run(
        [sys.executable, "-c", program], env=bare | environment, capture_output=True, text=True, timeout=30, check=False
    )


def test_the_wsgi_callable_is_made_from_the_environment() -> None:
    assert served_by_wsgi(ENVIRONMENT).stdout == "200\n"


def test_the_server_does_not_start_without_its_settings() -> None:
    run = served_by_wsgi({})
    assert run.returncode != 0
    assert all(name in run.stderr for name in ENVIRONMENT)
