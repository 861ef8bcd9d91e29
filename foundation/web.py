"""What every answer and every way in has in common: headers, addresses, where to come from."""

import hmac
import ipaddress
from functools import lru_cache
from typing import IO

from flask import Flask, Response, abort, request
from flask import Request as FlaskRequest
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import UnprocessableEntity
from werkzeug.formparser import FormDataParser
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Request

MAX_BODY = 2 * 1024 * 1024  # bytes of a body that is no upload
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors "
)


class FormWithoutNul(FormDataParser):
    """Refuses a form with a NUL in what was typed: nothing means one, and PostgreSQL takes none."""

    def parse(
        self,
        stream: IO[bytes],
        mimetype: str,
        content_length: int | None,
        options: dict[str, str] | None = None,
    ) -> tuple[IO[bytes], MultiDict[str, str], MultiDict[str, FileStorage]]:
        stream, form, files = super().parse(stream, mimetype, content_length, options)
        typed = (text for field in form.items(multi=True) for text in field)
        if any("\0" in text for text in (*typed, *(file.filename or "" for file in files.values()))):
            raise UnprocessableEntity
        return stream, form, files


class PlainRequest(FlaskRequest):
    """A request whose forms hold no NUL."""

    form_data_parser_class = FormWithoutNul


def trust_proxies(app: Flask, count: int) -> None:
    """Believe as many proxies as were named; called last, because whatever wraps the application needs the address."""
    if count:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=0, x_host=0)  # type: ignore[method-assign]


def init_web(app: Flask, *, secure: bool) -> None:
    """Limit bodies, and send the headers that keep a page to itself."""
    fixed = {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    if secure:
        fixed["Strict-Transport-Security"] = "max-age=31536000"
    app.request_class = PlainRequest
    app.before_request(_limit_body)
    app.before_request(_refuse_nul)

    @app.after_request
    def protect(response: Response) -> Response:
        headers = response.headers
        for name, value in fixed.items():
            headers.setdefault(name, value)
        if "Content-Security-Policy" not in headers:
            headers["Content-Security-Policy"] = POLICY + "'none'"
        if "Cache-Control" not in headers:
            headers["Cache-Control"] = "no-store"
        return response


def _limit_body() -> None:
    """Let only uploads be large: they are spooled to disk, any other body is read into memory whole."""
    if request.mimetype != "multipart/form-data":
        request.max_content_length = MAX_BODY


def _refuse_nul() -> None:
    """Answer as for a page that is not there: nothing here has a NUL in its address, and PostgreSQL takes none."""
    if "\0" in request.path or b"%00" in request.query_string:
        abort(404)


def allow_framing(response: Response, origins: str) -> Response:
    """Let the named origins frame this one answer."""
    response.headers["Content-Security-Policy"] = POLICY + (origins or "'self'")
    return response


@lru_cache(maxsize=65_536)
def network_of(address: str | None) -> str:
    """Return the /24 or /48 an address lies in: what is limited, and all that is kept of an address."""
    try:
        parsed = ipaddress.ip_address(address or "0.0.0.0")  # noqa: S104  # an unknown address, not a binding
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    prefix = 24 if parsed.version == 4 else 48
    return str(ipaddress.ip_network((parsed, prefix), strict=False))


def same_origin(request: Request, public_url: str) -> bool:
    """Tell whether a form or script of our own site sent this; browsers name the origin of every POST."""
    origin = request.headers.get("Origin")
    return origin is not None and hmac.compare_digest(origin.encode(), public_url.rstrip("/").encode())


def token_for(secret: str, *parts: str) -> str:
    """Return a token that only the service can make for these parts."""
    return hmac.digest(secret.encode(), "\n".join(parts).encode(), "sha256").hex()[:32]


def row_id(typed: str) -> int:
    """Return the id of a row that an address carries; raises ValueError for what no row can have."""
    number = int(typed)
    if not 0 < number < 2**63:
        raise ValueError("no row has this id")
    return number


def safe_path(path: str | None) -> str:
    """Return `path` where it is a plain path on this site, else the home page."""
    if not path or not path.startswith("/") or path.startswith("//") or "\\" in path:
        return "/"
    return path if path.isprintable() and len(path) <= 512 else "/"
