"""QR codes: with a scene where the account may have them, so that a scan leads into the chat; else of an address."""

import io
from dataclasses import dataclass
from datetime import timedelta

import requests
import segno
import structlog
from PIL import Image, UnidentifiedImageError
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.dialects.postgresql import insert

from foundation.clock import database_now
from foundation.errors import InvalidInput
from foundation.transaction import transaction
from wechat.account import Account, current_account
from wechat.errors import WeChatError
from wechat.models import SceneCode

log = structlog.get_logger(__name__)
LONGEST_SCENE = 64
LONGEST_LIFE = timedelta(days=30)
RENEWED_BEFORE_END = timedelta(hours=1)
MP = "https://mp.weixin.qq.com"
_CONNECT_SECONDS, _READ_SECONDS = 3.0, 5.0
_MOST_BYTES = 1024 * 1024
_MOST_PIXELS = 2_000
_SCALE, _BORDER = 16, 4  # for print; modules of quiet around the code, as the standard has it


@dataclass(frozen=True, slots=True)
class _Made:
    """What the platform made: a ticket for its picture, and the address that the picture stands for."""

    ticket: str
    url: str


def qr_for(scene: str, path: str) -> bytes:
    """Return a PNG that leads to what `scene` stands for: through the chat where the account has codes with a scene,
    where push handlers find it as `Push.scene`, else straight to `path` on this site.

    The platform counts a permanent code for each new scene, of which there are 100,000: a scene is a thing that lasts,
    like a channel of a poll. Raises InvalidInput where it is empty or longer than 64 characters.
    """
    return _with_scene(scene, None) or plain_code(f"{current_account().site}{path}")


def passing_qr_for(scene: str, path: str, lasts: timedelta) -> bytes:
    """Return a PNG as `qr_for` does, of a code that ends after `lasts`, at most 30 days, and is not counted."""
    return _with_scene(scene, min(lasts, LONGEST_LIFE)) or plain_code(f"{current_account().site}{path}")


def plain_code(address: str) -> bytes:
    """Return a PNG of an address."""
    picture = io.BytesIO()
    segno.make(address, error="m").save(picture, kind="png", scale=_SCALE, border=_BORDER)
    return picture.getvalue()


def _with_scene(scene: str, lasts: timedelta | None) -> bytes | None:
    """Return the picture of a code with a scene, kept or made now, None where there is none to be had."""
    if not 1 <= len(scene) <= LONGEST_SCENE:
        raise InvalidInput(f"二维码的场景要有1到{LONGEST_SCENE}个字。", field="scene")
    account = current_account()
    if not account.may("scene_qr"):
        return None
    kept = _kept(account, scene, lasts)
    if kept is not None:
        return kept
    try:
        made = _make(account, scene, lasts)
    except WeChatError as error:
        log.warning("scene_code_not_made", errcode=error.errcode)
        return None
    picture = _fetch(account, made.ticket) or plain_code(made.url)
    _keep(account, scene, picture, lasts)
    return picture


def _make(account: Account, scene: str, lasts: timedelta | None) -> _Made:
    kind = "QR_LIMIT_STR_SCENE" if lasts is None else "QR_STR_SCENE"
    limit = {} if lasts is None else {"expire_seconds": int(lasts.total_seconds())}
    action = {"action_name": kind, **limit, "action_info": {"scene": {"scene_str": scene}}}
    answer = account.client.write("qrcode/create", action)
    ticket, url = answer.get("ticket"), answer.get("url")
    if not isinstance(ticket, str) or not isinstance(url, str) or not url:
        raise WeChatError
    return _Made(ticket, url)


def _fetch(account: Account, ticket: str) -> bytes | None:
    """Fetch the picture from the platform's own host and nowhere else; whatever is no picture of a code is none."""
    base = account.settings.wechat_mp_url.rstrip("/")
    with requests.Session() as browser:
        browser.trust_env = base == MP  # a stand-in is reached without a proxy
        try:
            response = browser.get(
                f"{base}/cgi-bin/showqrcode",
                params={"ticket": ticket},
                timeout=(_CONNECT_SECONDS, _READ_SECONDS),
                allow_redirects=False,
                stream=True,
            )
            content = response.raw.read(_MOST_BYTES + 1, decode_content=True)
        except (requests.RequestException, OSError, ValueError):
            log.warning("scene_picture_not_fetched")
            return None
    return _as_png(content) if response.status_code == 200 and len(content) <= _MOST_BYTES else None


def _as_png(content: bytes) -> bytes | None:
    """Write the picture anew, so that nothing but a picture is handed on."""
    try:
        with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as image:
            if max(image.size) > _MOST_PIXELS:
                return None
            png = io.BytesIO()
            image.convert("L").save(png, "PNG", optimize=True)
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        log.warning("scene_picture_unreadable")
        return None
    return png.getvalue()


def _kept(account: Account, scene: str, lasts: timedelta | None) -> bytes | None:
    with transaction() as session:
        works: ColumnElement[bool] = SceneCode.expires_at.is_(None)
        if lasts is not None:
            works = or_(works, SceneCode.expires_at > database_now(session) + min(RENEWED_BEFORE_END, lasts / 2))
        query = select(SceneCode.picture).filter_by(appid=account.settings.wechat_appid, scene=scene)
        return session.scalar(query.where(works))


def _keep(account: Account, scene: str, picture: bytes, lasts: timedelta | None) -> None:
    with transaction() as session:
        expires = None if lasts is None else database_now(session) + lasts
        new = insert(SceneCode).values(
            appid=account.settings.wechat_appid, scene=scene, picture=picture, expires_at=expires
        )
        values = {"picture": new.excluded.picture, "expires_at": new.excluded.expires_at}
        session.execute(new.on_conflict_do_update(constraint="one_code_per_scene", set_=values))
