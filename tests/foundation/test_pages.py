"""Answers prepared once: the encodings a browser takes, and 304 for what it has."""

import gzip

import brotli
import pytest
from flask import Flask, Response, request
from flask.testing import FlaskClient

from foundation.pages import Prepared, prepare, prepare_file

BODY = ("<p>网上评议</p>" * 200).encode()
CACHE = "public, max-age=5"
UNPACK = {None: bytes, "gzip": gzip.decompress, "br": brotli.decompress}


@pytest.fixture(scope="module")
def page() -> Prepared:
    return prepare(BODY, "text/html; charset=utf-8")


@pytest.fixture(scope="module")
def site(page: Prepared) -> FlaskClient:
    app = Flask("pages")

    @app.get("/")
    def answer() -> Response:
        return page.answer(request, cache=CACHE)

    return app.test_client()


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        (None, None),
        ("", None),
        ("identity", None),
        ("deflate", None),
        ("gzip", "gzip"),
        ("gzip, deflate", "gzip"),
        ("br", "br"),
        ("gzip, deflate, br", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("br;q=0, gzip", "gzip"),
        ("br;q=0, gzip;q=0", None),
        ("GZIP", "gzip"),
        ("x-brr", None),
    ],
)
def test_a_body_comes_in_the_best_encoding_the_browser_takes(
    site: FlaskClient, accepted: str | None, encoding: str | None
) -> None:
    response = site.get("/", headers={} if accepted is None else {"Accept-Encoding": accepted})

    assert (response.status_code, response.headers.get("Content-Encoding")) == (200, encoding)
    assert UNPACK[encoding](response.data) == BODY
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.headers["Vary"] == "Accept-Encoding"


def test_every_reader_gets_the_same_bytes(site: FlaskClient) -> None:
    answers = [site.get("/", headers={"Accept-Encoding": "br"}) for _ in range(2)]

    assert answers[0].data == answers[1].data
    assert prepare(BODY, "text/html") == prepare(BODY, "text/html")
    assert prepare(b"small", "text/html") == prepare(b"small", "text/html")


def test_packing_makes_a_page_smaller(page: Prepared) -> None:
    assert len(page.brotli) < len(page.plain) / 10
    assert len(page.gzip) < len(page.plain) / 10


@pytest.mark.parametrize("form", ["{etag}", "W/{etag}", '"other", {etag}', '{etag}, "other"'])
def test_who_has_it_already_gets_no_body(site: FlaskClient, page: Prepared, form: str) -> None:
    response = site.get("/", headers={"If-None-Match": form.format(etag=page.etag), "Accept-Encoding": "br"})

    assert (response.status_code, response.data) == (304, b"")
    kept = {name: response.headers[name] for name in ("ETag", "Cache-Control", "Vary")}
    assert kept == {"ETag": page.etag, "Cache-Control": CACHE, "Vary": "Accept-Encoding"}


@pytest.mark.parametrize("held", ["", '"other"', "nonsense"])
def test_who_has_another_version_gets_this_one(site: FlaskClient, page: Prepared, held: str) -> None:
    response = site.get("/", headers={"If-None-Match": held})

    assert (response.status_code, response.headers["ETag"], response.data) == (200, page.etag, BODY)


def test_another_body_has_another_tag(page: Prepared) -> None:
    assert prepare(BODY + b" ", "text/html").etag != page.etag


def test_a_small_body_comes_whole_in_every_encoding() -> None:
    small = prepare(b"{}", "application/json")

    assert (small.plain, gzip.decompress(small.gzip), brotli.decompress(small.brotli)) == (b"{}", b"{}", b"{}")


def test_an_empty_body_comes_empty_in_every_encoding() -> None:
    empty = prepare(b"", "text/plain")

    assert (gzip.decompress(empty.gzip), brotli.decompress(empty.brotli)) == (b"", b"")


def test_a_changed_file_is_prepared_anew(tmp_path: object) -> None:
    path = f"{tmp_path}/script.js"
    with open(path, "w") as file:
        file.write("first")
    first = prepare_file(path, "text/javascript", "1")
    with open(path, "w") as file:
        file.write("second")

    assert (first.plain, prepare_file(path, "text/javascript", "2").plain) == (b"first", b"second")
