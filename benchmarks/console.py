"""`python -m benchmarks.console [ADDRESS …]`: pages of the console over a large installation, against a hello in turns.

Every page is measured and noted, or only those that are named, which are not. The ratio is of server times as one
client sees them over a kept connection; the table lists the slowest first.
"""

import json
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path

import psycopg
from flask import Flask

from benchmarks.service import Installation, installation, serving
from foundation.database import libpq_url
from staff.accounts import find_account
from staff.authority import act_of
from staff.roles import Role
from staff.sessions import begin_session
from tests.factories import fill_ledger, make_poll
from tests.staff.factories_staff import make_staff

BALLOTS, FOLLOWERS, AUDIT_ROWS, POLLS = 1_000_000, 100_000, 100_000, 60
AWARDS = (("十佳基层党组织", 15, 10), ("十佳共产党员", 15, 10), ("优秀共产党员", 150, 100))
ROUNDS = 15
READERS = (Role.OFFICE, Role.ADMINISTRATOR, Role.SUPERVISOR, Role.LEADER)
REPORT = Path("bench-console.json")

FOLLOWING = """
INSERT INTO follower (digest, openid, follows, changed_at)
SELECT sha256(convert_to(i::text, 'UTF8')), '\\x00', true, now() FROM generate_series(1, %s) AS i
"""
ACTING = """
INSERT INTO audit_entry (actor, act, object, result, fields, purpose)
SELECT 'office', (ARRAY['polls.edit', 'candidates.edit', 'staff.sign_in', 'downloads.fetch'])[i %% 4 + 1],
       '示例 ' || i, 'done', ARRAY['title'], '' FROM generate_series(1, %s) AS i
"""


def main() -> None:
    """Fill an installation, measure each page in turns with the anchor, and print the ratios."""
    named = sys.argv[1:]
    with installation() as place:
        _fill(place)
        cookies = _sign_in(place)
        with serving(place):
            measured = _measure(place, cookies, named or sorted(set(_pages(place.app))))
    _report(measured)
    if not named:
        REPORT.write_text(json.dumps(measured, indent=1, ensure_ascii=False))


def _fill(place: Installation) -> None:
    with place.app.app_context():
        for number in range(POLLS):
            make_poll(f"poll-{number}", state="draft", closes_in=timedelta(days=2))
        fill_ledger(make_poll("big", awards=AWARDS, closes_in=timedelta(days=1)), BALLOTS)
        make_poll("done", awards=AWARDS, state="certified")
        for role in READERS:
            make_staff(role, role, role)
    with psycopg.connect(libpq_url(place.running.connections.owner_url), autocommit=True) as connection:
        connection.execute(FOLLOWING, (FOLLOWERS,))
        connection.execute(ACTING, (AUDIT_ROWS,))
        connection.execute("ANALYZE")


def _sign_in(place: Installation) -> dict[Role, str]:
    with place.app.app_context():
        return {role: begin_session(find_account(role).id, replaces=None, complete=True) for role in READERS}


def _pages(app: Flask) -> Iterator[str]:
    """Yield the address of every page that is read, of the largest poll where it is about one."""
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        readable = "GET" in (rule.methods or set()) and f"{rule.rule}/".startswith("/console/")
        if readable and rule.arguments <= {"slug", "number"} and act_of(app, rule.endpoint):
            values = {"slug": "big", "number": 1}
            yield adapter.build(rule.endpoint, {name: values[name] for name in rule.arguments})


def _measure(place: Installation, cookies: dict[Role, str], addresses: Sequence[str]) -> dict[str, dict[str, float]]:
    connection = HTTPConnection("127.0.0.1", place.settings.port, timeout=30)
    body = json.dumps({"choices": [1, 2, 3]})
    json_headers = {"Content-Type": "application/json"}
    measured = {}
    for address in addresses:
        reader = _reader_of(connection, address, cookies)
        if reader is None:
            continue
        hello, page = [], []
        for _ in range(ROUNDS):
            hello.append(_time(connection, "POST", "/hello", body, json_headers))
            page.append(_time(connection, "GET", address, None, reader))
        ratio = statistics.median(page) / statistics.median(hello)
        measured[address] = {"ratio": ratio, "ms": statistics.median(page) * 1000, "worst_ms": max(page) * 1000}
        measured[address]["hello_ms"] = statistics.median(hello) * 1000
    return measured


def _reader_of(connection: HTTPConnection, address: str, cookies: dict[Role, str]) -> dict[str, str] | None:
    """Return the headers of the first role that gets the page, None where nobody does now."""
    for token in cookies.values():
        headers = {"Cookie": f"staff={token}"}
        connection.request("GET", address, headers=headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status == 200:
            return headers
    print(f"not measured: {address} ({answer.status})", file=sys.stderr)
    return None


def _time(connection: HTTPConnection, method: str, address: str, body: str | None, headers: dict[str, str]) -> float:
    began = time.perf_counter()
    connection.request(method, address, body=body, headers=headers)
    connection.getresponse().read()
    return time.perf_counter() - began


def _report(measured: dict[str, dict[str, float]]) -> None:
    print(f"{'÷ hello':>8}{'ms':>8}{'worst':>8}{'hello':>8}  page")
    for address, one in sorted(measured.items(), key=lambda item: -item[1]["ratio"]):
        print(f"{one['ratio']:>8.1f}{one['ms']:>8.1f}{one['worst_ms']:>8.1f}{one['hello_ms']:>8.2f}  {address}")


if __name__ == "__main__":
    main()
