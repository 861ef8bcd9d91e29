"""The front end's files: named by their content, kept for ever, and nothing else is served."""

import re
from pathlib import Path

import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient

from foundation.assets import FOREVER, Assets, init_assets


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    room = tmp_path / "static" / "room"
    room.mkdir(parents=True)
    (room / "page.js").write_text("export const one = 1;\n" * 50)
    (room / "page.css").write_text("p { color: red }\n" * 50)
    (room / "sign.svg").write_text("<svg/>")
    (tmp_path / "secret.txt").write_text("not to be served")
    return tmp_path / "static"


@pytest.fixture
def site(folder: Path, tmp_path: Path) -> Flask:
    app = Flask("assets")
    third_party = tmp_path / "lib.min.js"
    third_party.write_text("lib")
    init_assets(app, [folder], {"vendor/lib.js": third_party, "vendor/not-installed.js": tmp_path / "absent.js"})
    return app


def url(app: Flask, name: str) -> str:
    assets: Assets = app.extensions["assets"]
    return assets.url(name)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("room/page.js", r"(text|application)/javascript; charset=utf-8"),
        ("room/page.css", r"text/css; charset=utf-8"),
        ("room/sign.svg", r"image/svg\+xml(; charset=utf-8)?"),
        ("vendor/lib.js", r"(text|application)/javascript; charset=utf-8"),
    ],
)
def test_a_file_is_served_for_ever_under_a_name_of_its_content(site: Flask, name: str, kind: str) -> None:
    response = site.test_client().get(url(site, name))

    assert re.fullmatch(rf"/static/[0-9a-f]{{12}}/{name}", url(site, name))
    assert (response.status_code, response.headers["Cache-Control"]) == (200, FOREVER)
    assert re.fullmatch(kind, response.headers["Content-Type"])


def test_the_content_is_the_files(site: Flask, folder: Path) -> None:
    plain = site.test_client().get(url(site, "room/page.js"))

    assert plain.data == (folder / "room" / "page.js").read_bytes()


def test_templates_name_files_by_what_they_are(site: Flask) -> None:
    with site.app_context():
        assert render_template_string("{{ asset('room/page.css') }}") == url(site, "room/page.css")


def test_a_changed_file_has_another_address(site: Flask, folder: Path) -> None:
    before = url(site, "room/page.js")
    (folder / "room" / "page.js").write_text("export const two = 2;\n")
    changed = Assets()
    changed.add_folder(folder)

    assert changed.url("room/page.js") != before
    assert changed.url("room/page.css") == url(site, "room/page.css")


@pytest.mark.parametrize(
    "path",
    [
        "/static/000000000000/room/page.js",
        "/static/{version}/room/page.css",
        "/static/{version}/room",
        "/static/{version}/room/absent.js",
        "/static/{version}/../secret.txt",
        "/static/{version}/room/../../secret.txt",
        "/static/{version}//etc/passwd",
        "/static/{version}/vendor/not-installed.js",
        "/static/room/page.js",
    ],
)
def test_nothing_else_is_served(site: Flask, path: str) -> None:
    version = url(site, "room/page.js").split("/")[2]

    assert site.test_client().get(path.format(version=version)).status_code == 404


def test_a_wrong_name_in_a_template_is_an_error_at_once(site: Flask) -> None:
    with pytest.raises(KeyError):
        url(site, "room/pgae.js")


def test_the_services_pages_find_all_their_files(client: FlaskClient) -> None:
    page = client.get("/").text
    links = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)

    assert links
    assert {client.get(link).status_code for link in links} == {200}
