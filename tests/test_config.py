"""The settings: what is missing or wrong is named by its variable, and no secret is ever shown."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from config import PRESETS, REQUIRED_OUTSIDE_DEMO, ConfigError, load_settings
from foundation.embedded.servers import write_private
from tests.conftest import SECRETS

REAL = {**SECRETS, "PUBLIC_URL": "https://vote.example"}
NO_ORIGIN = "must be addresses without a path, like https://www.example.cn, with blanks between them"
HIDDEN = ("SECRET_KEY", "FIELD_KEYS", "WECHAT_SECRET", "WECHAT_TOKEN", "WECHAT_AES_KEY")


def complaints(environ: dict[str, str], **overrides: object) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        load_settings(environ, **overrides)
    return str(refused.value).splitlines()


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty folder, so that no ./instance is read."""
    monkeypatch.chdir(tmp_path)


def test_a_described_service_gets_its_settings() -> None:
    settings = load_settings({**REAL, "PORT": "9000", "TRUSTED_PROXIES": "1", "DATA_DIR": "/srv/vote"})

    assert (settings.port, settings.trusted_proxies, settings.data_dir) == (9000, 1, Path("/srv/vote"))
    assert (settings.public_url, settings.public_host, settings.secure) == (
        "https://vote.example",
        "vote.example",
        True,
    )
    assert [key.get_secret_value() for key in settings.field_keys] == [SECRETS["FIELD_KEYS"]]
    assert settings.demo is False


def test_an_empty_environment_is_told_all_that_is_missing_at_once() -> None:
    assert complaints({}) == [
        *(f"{name}: missing" for name in REQUIRED_OUTSIDE_DEMO),
        "WECHAT_AES_KEY: needs 43 characters unless WECHAT_MESSAGE_MODE is plain",
    ]


@pytest.mark.parametrize("name", REQUIRED_OUTSIDE_DEMO)
@pytest.mark.parametrize("given", [None, ""])
def test_a_missing_variable_is_named(name: str, given: str | None) -> None:
    environ = {key: value for key, value in REAL.items() if key != name} | ({} if given is None else {name: given})

    assert complaints(environ) == [f"{name}: missing"]


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("PORT", "eighty", "Input should be a valid integer, unable to parse string as an integer"),
        ("PORT", "0", "Input should be greater than or equal to 1"),
        ("PORT", "65536", "Input should be less than or equal to 65535"),
        ("WEB_WORKERS", "0", "Input should be greater than or equal to 1"),
        ("WEB_THREADS", "0", "Input should be greater than or equal to 1"),
        ("TRUSTED_PROXIES", "-1", "Input should be greater than or equal to 0"),
        ("GATE_PER_VOTER", "0", "Input should be greater than or equal to 1"),
        ("GATE_PER_ADDRESS", "x", "Input should be a valid integer, unable to parse string as an integer"),
        ("GATE_PER_POLL", "0", "Input should be greater than or equal to 1"),
        ("PUBLIC_URL", "http://vote.example", "must begin with https:// outside the demo"),
        ("PUBLIC_URL", "vote.example", "must be an address without a path, like https://vote.example"),
        ("PUBLIC_URL", "https://", "must be an address without a path, like https://vote.example"),
        ("PUBLIC_URL", "https://vote.example/site", "must be an address without a path, like https://vote.example"),
        ("EMBED_ORIGINS", "www.example.cn", NO_ORIGIN),
        ("EMBED_ORIGINS", "https://www.example.cn/list", NO_ORIGIN),
        ("EMBED_ORIGINS", "https://www.example.cn; script-src *", NO_ORIGIN),
        ("EMBED_ORIGINS", "*", NO_ORIGIN),
        ("SECRET_KEY", "x" * 31, "needs at least 32 characters"),
        ("FIELD_KEYS", "x" * 31, "needs one key or more, each of at least 32 characters"),
        ("FIELD_KEYS", f"{'x' * 32},{'y' * 31}", "needs one key or more, each of at least 32 characters"),
        ("FIELD_KEYS", " , ", "needs one key or more, each of at least 32 characters"),
        ("WECHAT_AES_KEY", "x" * 42, "needs 43 characters unless WECHAT_MESSAGE_MODE is plain"),
        ("WECHAT_AES_KEY", "", "needs 43 characters unless WECHAT_MESSAGE_MODE is plain"),
        ("WECHAT_PREVIOUS_AES_KEY", "x" * 44, "needs 43 characters"),
        ("WECHAT_MESSAGE_MODE", "loud", "Input should be 'plain', 'compat' or 'safe'"),
    ],
)
def test_a_wrong_variable_is_named_with_what_is_wrong(name: str, value: str, complaint: str) -> None:
    assert complaints({**REAL, name: value}) == [f"{name}: {complaint}"]


@pytest.mark.parametrize("text", ["sub-gov", "sub-verified,+flying", "sub-verified,-", ",", "service-verified,x"])
def test_unknown_capabilities_are_named(text: str) -> None:
    (line,) = complaints({**REAL, "WECHAT_CAPABILITIES": text})

    assert line.startswith("WECHAT_CAPABILITIES: unknown ")
    assert "; known: " in line


def test_everything_wrong_is_told_at_once() -> None:
    environ = {**REAL, "PORT": "x", "SECRET_KEY": "short", "PUBLIC_URL": "ftp://vote.example", "WECHAT_APPID": ""}

    assert [line.split(":")[0] for line in complaints(environ)] == ["WECHAT_APPID", "PORT", "PUBLIC_URL", "SECRET_KEY"]


def test_no_complaint_quotes_a_secret() -> None:
    short = {name: f"{name.lower()}-quoted" for name in HIDDEN}

    told = "\n".join(complaints({**REAL, **short, "PORT": "x"}))

    assert "quoted" not in told
    assert "SECRET_KEY" in told


def test_settings_shown_hide_every_secret() -> None:
    passwords = {
        "DATABASE_URL": "postgresql://vote:password-of-app@db.example/vote",
        "DATABASE_OWNER_URL": "postgresql://owner:password-of-owner@db.example/vote",
        "REDIS_URL": "redis://:password-of-redis@redis.example/0",
        "METRICS_TOKEN": "password-of-metrics",
    }
    shown = repr(load_settings({**REAL, **passwords, "WECHAT_PREVIOUS_AES_KEY": "p" * 43}))

    assert [name for name in HIDDEN if REAL[name] in shown] == []
    assert "password-of" not in shown
    assert "p" * 43 not in shown


def test_settings_do_not_change() -> None:
    settings = load_settings(REAL)

    with pytest.raises(ValidationError):
        settings.port = 1


def test_plain_messages_need_no_key() -> None:
    environ = {**REAL, "WECHAT_MESSAGE_MODE": "plain", "WECHAT_AES_KEY": ""}

    assert load_settings(environ).wechat_message_mode == "plain"


def test_a_slash_after_the_address_is_forgiven() -> None:
    assert load_settings({**REAL, "PUBLIC_URL": "https://vote.example/"}).public_url == "https://vote.example"


def test_origins_that_may_frame_are_told_apart_by_blanks_or_commas() -> None:
    given = "https://www.example.cn/, http://www.example.cn:8080  https://*.example.cn"
    kept = "https://www.example.cn http://www.example.cn:8080 https://*.example.cn"
    assert load_settings({**REAL, "EMBED_ORIGINS": given}).embed_origins == kept


@pytest.mark.parametrize("separator", [",", " ", ", ", "\n"])
def test_field_keys_are_read_newest_first(separator: str) -> None:
    settings = load_settings({**REAL, "FIELD_KEYS": separator.join(["n" * 32, "o" * 32])})

    assert [key.get_secret_value() for key in settings.field_keys] == ["n" * 32, "o" * 32]


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_what_it_says(name: str) -> None:
    assert load_settings({**REAL, "WECHAT_CAPABILITIES": name}).capabilities == PRESETS[name]


def test_a_preset_can_be_changed_right_by_right() -> None:
    text = "sub-verified-gov, -oauth, +template, -scene_qr, menu"

    rights = load_settings({**REAL, "WECHAT_CAPABILITIES": text}).capabilities

    assert rights == PRESETS["sub-verified-gov"] - {"oauth"} | {"template"}


def test_a_demo_reads_what_it_left_in_its_folder_and_the_environment_stands_above(tmp_path: Path) -> None:
    write_private(
        tmp_path / "demo.json", '{"PORT": "8100", "SITE_FOOTER": "kept", "PUBLIC_URL": "http://127.0.0.1:8100"}'
    )
    keys = {"SECRET_KEY": SECRETS["SECRET_KEY"], "FIELD_KEYS": SECRETS["FIELD_KEYS"], "WECHAT_MESSAGE_MODE": "plain"}

    settings = load_settings({**keys, "DATA_DIR": str(tmp_path), "PORT": "8200"})

    assert (settings.demo, settings.port, settings.site_footer) == (True, 8200, "kept")


def test_no_variable_makes_a_demo() -> None:
    assert load_settings({**REAL, "DEMO": "1"}).demo is False


def test_a_demo_makes_up_no_secret() -> None:
    assert [line.split(":")[0] for line in complaints({}, demo=True)] == ["SECRET_KEY", "FIELD_KEYS", "WECHAT_AES_KEY"]


def test_the_environment_of_the_process_adds_nothing_to_what_is_handed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "9999")
    monkeypatch.setenv("SITE_FOOTER", "stray")

    settings = load_settings(REAL)

    assert (settings.port, settings.site_footer) == (8000, "")
