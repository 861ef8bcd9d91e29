"""A QR code carries a scene where the account may have one, and is the plain address everywhere else."""

import io
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import quote

import pytest
import segno
from flask import Flask, Response, jsonify, request
from PIL import Image

from foundation.errors import InvalidInput
from tests.conftest import PUBLIC_URL, DatabaseClock
from tests.wechat.admin_of_sandbox import SandboxAdmin
from tests.wechat.conftest import UseAccount, World, served
from wechat.account import Account
from wechat.qr import passing_qr_for, plain_code, qr_for

CREATE = "/cgi-bin/qrcode/create"
SERVICE = {"wechat_capabilities": "service-verified"}
Modules = tuple[tuple[bool, ...], ...]


def modules_in(picture: bytes) -> Modules:
    """Return the modules of a code in a picture, by the width of its first finder."""
    image = Image.open(io.BytesIO(picture)).convert("L").point(lambda shade: 255 if shade < 128 else 0)
    left, top, right, bottom = image.getbbox() or (0, 0, 0, 0)
    size = next(width for width in range(1, right) if not image.getpixel((left + width, top))) // 7
    dark = [[bool(image.getpixel((x, y))) for x in range(left, right, size)] for y in range(top, bottom, size)]
    return tuple(tuple(row) for row in dark)


def modules_of(address: str) -> Modules:
    return tuple(tuple(bool(one) for one in row) for row in segno.make(address, error="m").matrix)


@pytest.fixture
def service(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world whose account is a service account."""
    account = world.app.extensions["wechat_account"]
    settings = account.settings.model_copy(update=SERVICE)
    monkeypatch.setitem(world.app.extensions, "wechat_account", Account(settings, account.clock))
    return world


def test_with_the_right_the_code_leads_into_the_chat(service: World, admin: SandboxAdmin) -> None:
    picture = qr_for("poll:示例", "/polls/demo?from=q1")
    made = admin.account.scene_codes.for_scene("poll:示例")

    assert made is not None
    assert made.expires is None
    assert modules_in(picture) == modules_of(made.url)


def test_a_scene_has_one_code_however_often_it_is_asked_for(service: World, admin: SandboxAdmin) -> None:
    pictures = {qr_for("poll:1", "/polls/demo") for _ in range(3)}

    assert (len(pictures), admin.calls(CREATE)) == (1, [0])


def test_a_passing_code_is_made_anew_when_it_ends(
    service: World, admin: SandboxAdmin, database_clock: DatabaseClock
) -> None:
    first = passing_qr_for("night", "/polls/demo", timedelta(days=90))
    again = passing_qr_for("night", "/polls/demo", timedelta(days=90))
    database_clock.advance(timedelta(days=30))
    later = passing_qr_for("night", "/polls/demo", timedelta(days=90))

    assert (first == again, first == later, admin.calls(CREATE)) == (True, False, [0, 0])
    made = admin.account.scene_codes.for_scene("night")
    assert made is not None
    assert made.expire_seconds == 2_592_000


@pytest.mark.parametrize("preset", ["sub-unverified", "sub-verified", "sub-verified-gov"])
def test_without_the_right_it_is_the_address_itself(app: Flask, use_account: UseAccount, preset: str) -> None:
    use_account(wechat_capabilities=preset, wechat_api_url="http://127.0.0.1:1")

    assert modules_in(qr_for("poll:1", "/polls/demo?from=q1")) == modules_of(f"{PUBLIC_URL}/polls/demo?from=q1")


@pytest.mark.parametrize("errcode", [48001, 45009, 45029, 40053])
def test_where_the_platform_makes_none_it_is_the_address_itself(
    service: World, admin: SandboxAdmin, errcode: int
) -> None:
    admin.fault("errcode", CREATE, errcode=errcode)

    assert qr_for("poll:1", "/polls/demo") == plain_code(f"{service.site}/polls/demo")


def test_scenes_are_neither_empty_nor_too_long(service: World) -> None:
    for scene in ("", "s" * 65):
        with pytest.raises(InvalidInput):
            qr_for(scene, "/")


TICKET = "gQ+/=&?ticket"
URL = "http://weixin.qq.com/q/example"


class TestPicture:
    @pytest.fixture
    def asked(self) -> list[str]:
        return []

    @pytest.fixture
    def answers(self, app: Flask, use_account: UseAccount, asked: list[str]) -> Iterator[list[Response]]:
        """What the platform's host of pictures answers; it makes one ticket, with signs that have to be escaped."""
        answers: list[Response] = []
        stand_in = Flask("pictures")

        @stand_in.post("/cgi-bin/stable_token")
        def token() -> Response:
            return jsonify(access_token="t", expires_in=7200)

        @stand_in.post(CREATE)
        def create() -> Response:
            return jsonify(ticket=TICKET, url=URL)

        @stand_in.get("/cgi-bin/showqrcode")
        def show() -> Response:
            asked.append(request.query_string.decode())
            return answers.pop(0)

        with served(stand_in) as url:
            use_account(**SERVICE, wechat_api_url=url, wechat_mp_url=url)
            yield answers

    def test_the_ticket_is_escaped_and_a_jpeg_becomes_a_png(self, answers: list[Response], asked: list[str]) -> None:
        jpeg = io.BytesIO()
        Image.open(io.BytesIO(plain_code("http://weixin.qq.com/q/other"))).convert("L").save(jpeg, "JPEG", quality=95)
        answers.append(Response(jpeg.getvalue(), content_type="image/jpg"))
        picture = qr_for("poll:1", "/")

        assert asked == [f"ticket={quote(TICKET, safe='')}"]
        assert picture.startswith(b"\x89PNG")
        assert modules_in(picture) == modules_of("http://weixin.qq.com/q/other")

    @pytest.mark.parametrize("wrong", ["redirect", "missing", "page", "torn", "large", "wide"])
    def test_whatever_is_no_picture_is_drawn_from_the_address(self, answers: list[Response], wrong: str) -> None:
        wrongs = {
            "redirect": Response(status=302, headers={"Location": "http://127.0.0.1:1/elsewhere"}),
            "missing": Response(status=404),
            "page": Response("<html>", content_type="image/png"),
            "torn": Response(b"\x89PNG\r\n\x1a\n" + b"\0" * 40, content_type="image/png"),
            "large": Response(b"\xff" * (1024 * 1024 + 1), content_type="image/jpeg"),
            "wide": Response(_wide(), content_type="image/png"),
        }
        answers.append(wrongs[wrong])

        assert qr_for("poll:1", "/") == plain_code(URL)


def _wide() -> bytes:
    picture = io.BytesIO()
    Image.new("L", (2_001, 10)).save(picture, "PNG")
    return picture.getvalue()
