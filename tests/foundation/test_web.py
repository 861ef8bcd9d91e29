"""What every answer and every way in has in common: addresses, paths, origins, headers, proxies."""

from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask, Response, abort, jsonify, redirect, request
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from foundation.web import POLICY, allow_framing, init_web, network_of, safe_path, same_origin, token_for, trust_proxies

SITE = "https://vote.example"
KEPT_TO_ITSELF = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
    "Content-Security-Policy": POLICY + "'none'",
    "Cache-Control": "no-store",
}
ELSEWHERE = [
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "//evil.example/%2f..",
    "//evil.example\\@vote.example",
    "//vote.example@evil.example",
    "//vote.example:80@evil.example",
    "//[::1]",
    "//evil.example:443/path?a=b#c",
    "/\\evil.example",
    "/\\/evil.example",
    "\\/evil.example",
    "\\\\evil.example",
    "\\evil.example",
    "/path\\..\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r/evil.example",
    "/\r\n/evil.example",
    "/\v/evil.example",
    "/\f/evil.example",
    "/\0/evil.example",
    "\t//evil.example",
    "\n//evil.example",
    " //evil.example",
    "\u00a0//evil.example",
    "\u3000//evil.example",
    "\ufeff//evil.example",
    "/\u200b/evil.example",
    "/\u2028/evil.example",
    "/\u202e/evil.example",
    "/path\r\nSet-Cookie: a=b",
    "/path\nLocation: https://evil.example",
    "https://evil.example",
    "http://evil.example",
    "HTTPS://evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https:///evil.example",
    "https:\\\\evil.example",
    "http:evil.example",
    "ftp://evil.example",
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "file:///etc/passwd",
    "blob:https://evil.example/1",
    "weixin://dl/business",
    "evil.example",
    "evil.example/path",
    "www.evil.example",
    ".evil.example",
    "..",
    "../console",
    "./path",
    "@evil.example",
    ":@evil.example",
    "?next=//evil.example",
    "#//evil.example",
    "％2f/evil.example",
    "／／evil.example",
    "／evil.example",
    "〱evil.example",
    "//／evil.example",
    "//evil。example",
    "//ⓔvil.example",
    "%2f%2fevil.example",
    "%5cevil.example",
    "",
    None,
    "/" + "a" * 512,
]
HARMLESS = [
    "/",
    "/polls/demo",
    "/polls/demo?b=1,2#review",
    "/polls/demo/candidates/7",
    "/console/polls?state=open&page=2",
    "/me",
    "/receipts/K7QX-3M9T-P2VA",
    "/公示/第一号",
    "/path?next=//evil.example",
    "/%2f/evil.example",
    "/%5cevil.example",
    "/@evil.example",
    "/．／evil.example",
    "/" + "a" * 511,
]


def as_a_browser_reads_it(path: str) -> str:
    """Where a browser on our site would go: it drops tabs and line ends, and takes a backslash for a slash."""
    bare = path.strip("".join(map(chr, range(33)))).translate({9: None, 10: None, 13: None}).replace("\\", "/")
    return urlsplit(urljoin(SITE + "/wechat/login", bare)).netloc


@pytest.mark.parametrize("path", ELSEWHERE)
def test_a_way_off_the_site_leads_home_instead(path: str | None) -> None:
    assert safe_path(path) == "/"


@pytest.mark.parametrize("path", HARMLESS)
def test_a_path_on_the_site_is_kept(path: str) -> None:
    assert safe_path(path) == path
    assert as_a_browser_reads_it(path) == "vote.example"


@given(st.text(max_size=40) | st.text("/\\:.@?#%\t\r\n evil", max_size=20).map("/".__add__))
def test_no_path_ever_leaves_the_site(path: str) -> None:
    assert as_a_browser_reads_it(safe_path(path)) == "vote.example"


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("1.0.0.0", "1.0.0.0/24"),
        ("255.255.255.255", "255.255.255.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("2001:DB8:1:FFFF::1", "2001:db8:1::/48"),
        ("::1", "::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("::ffff:c000:24d", "192.0.2.0/24"),
        (None, "0.0.0.0/24"),
        ("", "0.0.0.0/24"),
        ("unknown", "unknown"),
        ("192.0.2.77:4711", "unknown"),
        ("192.0.2.300", "unknown"),
        ("192.0.2.77, 198.51.100.1", "unknown"),
        ("十.0.0.1", "unknown"),
        ("x" * 10_000, "unknown"),
    ],
)
def test_of_an_address_only_its_network_is_kept(address: str | None, network: str) -> None:
    assert network_of(address) == network


@given(st.ip_addresses())
def test_a_whole_network_is_one_limit(address: object) -> None:
    first = str(address)
    network = network_of(first)

    assert network_of(network.split("/")[0]) == network
    assert first != network


@given(st.text())
def test_no_address_breaks_a_request(garbage: str) -> None:
    assert network_of(garbage).count("/") <= 1


def make_app(*, trusted_proxies: int = 0, secure: bool = True) -> Flask:
    app = Flask("web")
    init_web(app, secure=secure)
    app.add_url_rule("/page", "page", lambda: "page")
    app.add_url_rule("/json", "json", lambda: jsonify(a=1))
    app.add_url_rule("/away", "away", lambda: redirect("/page"))
    app.add_url_rule("/refused", "refused", lambda: abort(403))
    app.add_url_rule("/broken", "broken", lambda: abort(500))
    app.add_url_rule("/unchanged", "unchanged", lambda: Response(status=304))
    app.add_url_rule("/cached", "cached", lambda: Response("x", headers={"Cache-Control": "public, max-age=60"}))
    app.add_url_rule("/column", "column", lambda: allow_framing(Response("x"), request.args.get("origins", "")))
    app.add_url_rule("/address", "address", lambda: f"{request.remote_addr} {request.scheme} {request.host}")
    app.add_url_rule("/form", "form", lambda: "".join(request.form.getlist("title")), methods=["POST"])
    app.add_url_rule("/same-origin", "same-origin", lambda: str(same_origin(request, "https://vote.example/")))
    trust_proxies(app, trusted_proxies)
    return app


@pytest.fixture(scope="module")
def site() -> FlaskClient:
    return make_app().test_client()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/page", 200),
        ("/json", 200),
        ("/away", 302),
        ("/refused", 403),
        ("/nowhere", 404),
        ("/broken", 500),
        ("/unchanged", 304),
    ],
)
def test_every_kind_of_answer_keeps_the_page_to_itself(site: FlaskClient, path: str, status: int) -> None:
    response = site.get(path)

    assert response.status_code == status
    assert {name: response.headers.get(name) for name in KEPT_TO_ITSELF} == KEPT_TO_ITSELF


@pytest.mark.parametrize("typed", [{"title": "示例\0"}, {"ti\0tle": "示例"}, {"title": ["示例", "\0"]}])
@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_a_form_with_a_nul_is_refused_before_anybody_reads_it(
    site: FlaskClient, typed: dict[str, object], content_type: str
) -> None:
    assert site.post("/form", data={"title": "示例"}, content_type=content_type).text == "示例"
    assert site.post("/form", data=typed, content_type=content_type).status_code == 422


def test_a_method_that_is_not_offered_is_answered_alike(site: FlaskClient) -> None:
    response = site.post("/page")

    assert response.status_code == 405
    assert {name: response.headers.get(name) for name in KEPT_TO_ITSELF} == KEPT_TO_ITSELF


def test_pages_run_no_script_or_style_of_their_own_text() -> None:
    assert "unsafe" not in POLICY
    assert "default-src 'none'" in POLICY
    assert "*" not in POLICY


def test_https_is_not_demanded_of_a_site_reached_without_it() -> None:
    assert "Strict-Transport-Security" not in make_app(secure=False).test_client().get("/page").headers


def test_an_answer_that_may_be_cached_says_so_itself(site: FlaskClient) -> None:
    assert site.get("/cached").headers["Cache-Control"] == "public, max-age=60"


@pytest.mark.parametrize(("origins", "ancestors"), [("", "'self'"), ("https://www.example", "https://www.example")])
def test_only_the_answer_that_allows_it_may_be_framed_and_by_whom_it_names(
    site: FlaskClient, origins: str, ancestors: str
) -> None:
    response = site.get("/column", query_string={"origins": origins})

    assert response.headers["Content-Security-Policy"] == POLICY + ancestors


@pytest.mark.parametrize(
    ("origin", "same"),
    [
        ("https://vote.example", "True"),
        (None, "False"),
        ("", "False"),
        ("null", "False"),
        ("http://vote.example", "False"),
        ("https://vote.example/", "False"),
        ("https://vote.example:443", "False"),
        ("https://vote.example.evil.example", "False"),
        ("https://evil.example", "False"),
        ("https://VOTE.example", "False"),
        ("https://vötê.example", "False"),
    ],
)
def test_only_our_own_pages_are_of_the_same_origin(site: FlaskClient, origin: str | None, same: str) -> None:
    response = site.get("/same-origin", headers={} if origin is None else {"Origin": origin})

    assert response.text == same


@pytest.mark.parametrize(
    ("trusted", "forwarded", "seen"),
    [
        (0, None, "198.51.100.9"),
        (0, "192.0.2.1", "198.51.100.9"),
        (1, None, "198.51.100.9"),
        (1, "192.0.2.1", "192.0.2.1"),
        (1, "203.0.113.66, 192.0.2.1", "192.0.2.1"),
        (1, "127.0.0.1, 192.0.2.1", "192.0.2.1"),
        (2, "203.0.113.66, 192.0.2.1, 10.0.0.1", "192.0.2.1"),
        (2, "192.0.2.1", "198.51.100.9"),
    ],
)
def test_only_trusted_proxies_say_where_a_request_comes_from(trusted: int, forwarded: str | None, seen: str) -> None:
    client = make_app(trusted_proxies=trusted).test_client()
    headers = {"X-Forwarded-Proto": "gopher", "X-Forwarded-Host": "evil.example", "X-Real-IP": "203.0.113.66"}
    if forwarded:
        headers["X-Forwarded-For"] = forwarded

    response = client.get("/address", headers=headers, environ_base={"REMOTE_ADDR": "198.51.100.9"})

    assert response.text == f"{seen} http localhost"


def test_a_token_is_of_its_secret_and_its_parts() -> None:
    tokens = [token_for("s", "a", "b"), token_for("t", "a", "b"), token_for("s", "ab"), token_for("s", "b", "a")]

    assert len(set(tokens)) == 4
    assert token_for("s", "a", "b") == tokens[0]
