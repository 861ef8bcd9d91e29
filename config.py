"""The settings of one installation: read once from the environment, typed, frozen."""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

DEMO_FILE = "demo.json"
_ORIGIN = re.compile(r"https?://(?:\*\.)?[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*(?::\d{1,5})?")
_VERIFIED = frozenset({"menu", "customer_message", "mass_tag", "users", "draft", "material", "share"})
PRESETS: dict[str, frozenset[str]] = {
    "sub-unverified": frozenset(),
    "sub-verified": _VERIFIED | {"once_subscription"},
    "sub-verified-gov": _VERIFIED | {"once_subscription", "oauth"},
    "service-verified": _VERIFIED | {"once_subscription", "oauth", "mass_openid", "template", "scene_qr"},
}
REQUIRED_OUTSIDE_DEMO = (
    "SECRET_KEY",
    "FIELD_KEYS",
    "PUBLIC_URL",
    "WECHAT_APPID",
    "WECHAT_SECRET",
    "WECHAT_ORIGINAL_ID",
    "WECHAT_TOKEN",
)


class ConfigError(Exception):
    """The environment does not describe a service that may start; each line names a variable."""


def _capabilities(text: str) -> frozenset[str]:
    """Read ``preset,+right,-right`` into the set of rights the account has."""
    preset, *changes = [part.strip() for part in text.split(",") if part.strip()] or [""]
    if preset not in PRESETS:
        raise ValueError(f"unknown preset {preset!r}; known: {', '.join(sorted(PRESETS))}")
    rights = set(PRESETS[preset])
    known = frozenset().union(*PRESETS.values())
    for change in changes:
        sign, right = change[0], change.lstrip("+-")
        if right not in known:
            raise ValueError(f"unknown right {right!r}; known: {', '.join(sorted(known))}")
        rights.discard(right) if sign == "-" else rights.add(right)
    return frozenset(rights)


class Settings(BaseSettings):
    """Every setting, by the lower-case name of its variable."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", case_sensitive=False, validate_default=True)

    demo: bool = False
    data_dir: Path = Path("instance")
    # Addresses carry passwords, so they are not shown.
    database_url: str | None = Field(default=None, repr=False)
    database_owner_url: str | None = Field(default=None, repr=False)
    redis_url: str | None = Field(default=None, repr=False)

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    public_url: str = "http://127.0.0.1:8000"
    web_workers: int = Field(default=2, ge=1)
    web_threads: int = Field(default=32, ge=1)
    web_connections: int = Field(default=4096, ge=1, description="that one process keeps open, idle ones included")
    job_workers: int = Field(default=2, ge=1, description="processes that do jobs, so that a long one keeps no other")
    trusted_proxies: int = Field(default=0, ge=0)
    metrics_token: SecretStr | None = None
    site_footer: str = ""
    embed_origins: str = ""
    checkpoint_dir: Path | None = Field(default=None, description="a second place, outside of the database")

    secret_key: SecretStr = SecretStr("")
    field_keys: Annotated[tuple[SecretStr, ...], NoDecode] = ()

    wechat_appid: str = ""
    wechat_secret: SecretStr = SecretStr("")
    wechat_original_id: str = ""
    wechat_token: SecretStr = SecretStr("")
    wechat_message_mode: Literal["plain", "compat", "safe"] = "safe"
    wechat_aes_key: SecretStr = SecretStr("")
    wechat_previous_aes_key: SecretStr = SecretStr("")
    wechat_capabilities: str = "sub-verified-gov"
    wechat_api_url: str = "https://api.weixin.qq.com"
    wechat_open_url: str = "https://open.weixin.qq.com"
    wechat_mp_url: str = "https://mp.weixin.qq.com"
    wechat_res_url: str = "https://res.wx.qq.com"
    wechat_verify_files: Path | None = None

    gate_per_voter: int = Field(default=20, ge=1, description="tries of one voter in a minute")
    gate_per_address: int = Field(default=3_000, ge=1, description="tries from one /24 or /48 in a minute")
    gate_per_poll: int = Field(default=120_000, ge=1, description="tries at one poll in a minute")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `load_settings` hands over counts, so that two settings never mix with a stray environment."""
        return (init_settings,)

    @property
    def capabilities(self) -> frozenset[str]:
        return _capabilities(self.wechat_capabilities)

    @property
    def secure(self) -> bool:
        """Whether the site is reached over https, so that cookies may carry the __Host- prefix."""
        return self.public_url.startswith("https://")

    @property
    def public_host(self) -> str:
        return urlsplit(self.public_url).netloc

    @field_validator("public_url")
    @classmethod
    def _check_public_url(cls, value: str, info: ValidationInfo) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or value.rstrip("/").count("/") != 2:
            raise ValueError("must be an address without a path, like https://vote.example")
        if parts.scheme == "http" and not info.data.get("demo"):
            raise ValueError("must begin with https:// outside the demo")
        return value.rstrip("/")

    @field_validator("embed_origins")
    @classmethod
    def _check_embed_origins(cls, value: str) -> str:
        """Return the origins with one blank between them: they go into a header, and browsers pass over a wrong one."""
        origins = [origin.rstrip("/") for origin in value.replace(",", " ").split()]
        if not all(map(_ORIGIN.fullmatch, origins)):
            raise ValueError("must be addresses without a path, like https://www.example.cn, with blanks between them")
        return " ".join(origins)

    @field_validator("secret_key")
    @classmethod
    def _check_secret_key(cls, value: SecretStr) -> SecretStr:
        if len(value) < 32:
            raise ValueError("needs at least 32 characters")
        return value

    @field_validator("field_keys")
    @classmethod
    def _check_field_keys(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if not value or any(len(key) < 32 for key in value):
            raise ValueError("needs one key or more, each of at least 32 characters")
        return value

    @field_validator("wechat_aes_key", "wechat_previous_aes_key")
    @classmethod
    def _check_aes_key(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        needed = info.field_name == "wechat_aes_key" and info.data.get("wechat_message_mode") != "plain"
        if len(value) != 43 and (needed or len(value)):
            raise ValueError("needs 43 characters" + (" unless WECHAT_MESSAGE_MODE is plain" if needed else ""))
        return value

    @field_validator("wechat_capabilities")
    @classmethod
    def _check_capabilities(cls, value: str) -> str:
        _capabilities(value)
        return value


def read_demo_file(data_dir: Path) -> dict[str, str]:
    """Return the variables a demo keeps in its data folder, or nothing where there is no demo."""
    path = data_dir / DEMO_FILE
    return dict(json.loads(path.read_text())) if path.exists() else {}


def load_settings(environ: Mapping[str, str] = os.environ, /, **overrides: object) -> Settings:
    """Build the settings from the environment, above what a demo left in its data folder.

    Raises ConfigError with a line for every variable that is missing or wrong.
    """
    given = {name.upper(): value for name, value in environ.items() if value != ""}
    data_dir = Path(str(overrides.get("data_dir") or given.get("DATA_DIR", "instance"))).resolve()
    demo_file = read_demo_file(data_dir)
    variables: dict[str, object] = {**demo_file, **given}
    demo = bool(overrides.get("demo", demo_file))
    missing = [] if demo else [name for name in REQUIRED_OUTSIDE_DEMO if not variables.get(name)]
    lines = [f"{name}: missing" for name in missing]
    known = {name: variables[name.upper()] for name in Settings.model_fields if name.upper() in variables}
    known.pop("demo", None)
    known["field_keys"] = tuple(str(variables.get("FIELD_KEYS", "")).replace(",", " ").split())
    try:
        settings = Settings(**{**known, "demo": demo, **overrides, "data_dir": data_dir})  # type: ignore[arg-type]  # pydantic converts
    except ValidationError as error:
        wrong = {str(item["loc"][0]).upper(): item["msg"] for item in error.errors()}
        lines += [
            f"{name}: {text.removeprefix('Value error, ')}" for name, text in wrong.items() if name not in missing
        ]
        raise ConfigError("\n".join(lines)) from None
    if lines:
        raise ConfigError("\n".join(lines))
    return settings
