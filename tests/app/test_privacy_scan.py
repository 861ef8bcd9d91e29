"""Nothing personal lies about: no openid or telephone in logs, Redis, exports, pages, files or the database."""

import io
import json
import zipfile

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from psycopg import sql
from rq import SimpleWorker
from rq.serializers import JSONSerializer

from foundation.database import libpq_url
from foundation.embedded.servers import Connections
from foundation.keyvalue import connect
from foundation.queues import queue
from foundation.transaction import transaction
from staff.downloads import download_status, downloads_of, take_file
from staff.models import Member
from staff.personal.revealing import reveal
from staff.personal.running import run_daily
from staff.roles import Role
from tests.factories import ballot_headers, make_poll, sign_in
from tests.staff.factories_staff import Browser, actor_of, make_staff
from tests.wechat.test_personal_data import add_follower
from votes.exporting.requesting import request_tally
from votes.numbering import drain
from wechat.personal_data import forget_voter

PEOPLE = 40
OPENIDS = [f"oScan_{number:04d}_abcdefghijkl" for number in range(PEOPLE)]
PHONES = [f"139{number:08d}" for number in range(11_112_222, 11_112_222 + 12)]
PAGES = (
    *("/", "/me", "/privacy", "/polls/demo", "/polls/demo.json", "/polls/demo/me.json", "/polls/demo/results"),
    *("/polls/demo/results.json", "/receipts/", "/healthz", "/readyz", "/metrics", "/nowhere"),
)
CONSOLE = ("/console/", "/console/audit", "/console/downloads", "/console/retention/", "/console/polls/demo/turnout")


@pytest.fixture
def lived_in(app: Flask) -> list[str]:
    """A house in which people followed, voted, left, and staff looked at telephones and exported; returns the pages."""
    make_poll()
    pages = []
    for openid in OPENIDS:
        client = app.test_client()
        add_follower(openid, follows=True)
        sign_in(client, openid)
        cast(app, client)
        pages += [client.get("/me").text, client.get("/polls/demo/me.json").text]
    return pages


def cast(app: Flask, client: FlaskClient) -> None:
    ballot = {"choices": [1, 4], "nonce": "0123456789abcdef0123456789abcdef"}
    assert client.post("/polls/demo/ballots", json=ballot, headers=ballot_headers(app)).status_code == 201


def found_in(text: str) -> list[str]:
    return [secret for secret in (*OPENIDS, *PHONES) if secret in text]


def whole_database(connections: Connections) -> str:
    """Return every row of every table as text; bytes as the letters that are in them."""
    lines = []
    with psycopg.connect(libpq_url(connections.owner_url)) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (table,) in tables:
            for row in connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table))):
                lines += [value.decode("latin-1") if isinstance(value, bytes) else str(value) for value in row]
    return "\n".join(lines)


def whole_redis(connections: Connections) -> str:
    client = connect(connections.redis_url)
    keys = [key for key in client.keys() if isinstance(key, bytes)]  # noqa: SIM118  # a client is no mapping
    values: list[bytes | None] = [client.dump(key) for key in keys]
    client.close()
    return "\n".join(part.decode("latin-1") for part in (*keys, *values) if part)


def whole_folder(app: Flask) -> str:
    folder = app.config["SETTINGS"].data_dir
    return "\n".join(path.read_bytes().decode("latin-1") for path in folder.rglob("*") if path.is_file())


def text_of(content: bytes) -> str:
    """Return what a file says, the members of a package one after the other."""
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return content.decode("utf-8-sig")
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return "".join(package.read(name).decode("latin-1") for name in package.namelist())


def test_nothing_personal_lies_about_in_plain(
    app: Flask, lived_in: list[str], connections: Connections, capfd: pytest.CaptureFixture[str]
) -> None:
    with transaction():
        office = make_staff("jingban", "示例经办", Role.OFFICE)
        administrator = make_staff("guanli", "示例管理员", Role.ADMINISTRATOR)
    for number, phone in enumerate(PHONES):
        other = make_staff(f"shili{number}", "示例", Role.OFFICE)
        with transaction() as session:
            session.get_one(Member, other.id).phone = phone.encode()
        assert reveal("staff.phone", f"shili{number}", "通知会议或工作安排", actor_of(administrator)) == phone
    drain(1)
    for file_format in ("xlsx", "docx", "csv", "json"):
        request_tally("demo", file_format, actor_of(office))
    SimpleWorker([queue()], connection=queue().connection, serializer=JSONSerializer).work(
        burst=True, logging_level="ERROR"
    )
    exports = [text_of(take_file(made.key, actor_of(office)).content) for made in downloads_of(actor_of(office))]
    assert {download_status(made.key, actor_of(office)).state for made in downloads_of(actor_of(office))} == {"ready"}
    for openid in OPENIDS[:5]:
        forget_voter(openid)
    run_daily()
    reader = app.test_client()
    sign_in(reader, OPENIDS[-1])
    pages = [reader.get(path).text for path in PAGES]
    desk = Browser(app).signed_in_as(administrator)
    pages += [desk.get(path).text for path in CONSOLE]
    captured = capfd.readouterr()
    places = {
        "pages": "\n".join([*lived_in, *pages]),
        "exports": "\n".join(exports),
        "logs": captured.out + captured.err,
        "redis": whole_redis(connections),
        "database": whole_database(connections),
        "files": whole_folder(app),
    }
    assert all(places[name] for name in ("pages", "exports", "redis", "database", "files"))
    assert {name: found_in(text) for name, text in places.items()} == {name: [] for name in places}


def test_the_scan_finds_what_it_looks_for() -> None:
    planted = json.dumps({"openid": OPENIDS[3], "phone": PHONES[2]})
    assert found_in(planted) == [OPENIDS[3], PHONES[2]]
