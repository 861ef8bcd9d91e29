"""The black-box cases of the platform's contract, by their ids, and playing those that are requests."""

import json
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

Case = dict[str, Any]
_FILE = json.loads((Path(__file__).parent / "cases.json").read_text())
META: dict[str, Any] = _FILE["meta"]
CASES: dict[str, Case] = {case["id"]: case for case in _FILE["cases"]}
MEBIBYTE = 1024 * 1024


def ids_of(area: str) -> list[str]:
    return [case["id"] for case in CASES.values() if case["area"] == area]


def account_of(case: Case) -> dict[str, object]:
    """Return the settings a case asks for."""
    setup = case["setup"]
    return {
        "wechat_token": setup.get("token", META["token"]),
        "wechat_appid": META["appid"],
        "wechat_original_id": META["original_id"],
        "wechat_aes_key": META["encoding_aes_key"],
        "wechat_previous_aes_key": META["previous_encoding_aes_key"],
        "wechat_message_mode": setup.get("mode", "safe"),
    }


def clock_of(case: Case) -> float:
    return float(case["setup"].get("clock", META["base_clock"]))


def requests_of(case: Case) -> list[dict[str, Any]]:
    given = case["input"]
    return list(given.get("sequence", [given]))


def play(client: FlaskClient, sent: dict[str, Any]) -> TestResponse:
    """Send one request of a case."""
    body = _padded(sent.get("body", "")).encode()
    return client.open(
        sent["path"].replace("{CALLBACK}", "/wechat/callback"),
        method=sent["method"],
        query_string=sent["query"],
        headers=sent.get("headers", {}),
        data=body,
    )


def _padded(body: str) -> str:
    """Write out the one body that the file only describes."""
    if "(pad to" not in body:
        return body
    start, end = "<xml>", "</xml>"
    return start + "A" * (MEBIBYTE + 1 - len(start + end)) + end
