"""A certificate is either what was signed, to the letter, or found out."""

import json
import random
from pathlib import Path

import pytest
from flask import Flask

from foundation.errors import InvalidInput
from staff.personal.certificates import KIND, render, sign, verify
from staff.personal.cli import retention_commands

STATEMENT = {
    "kind": KIND,
    "format": 1,
    "run": "0" * 32,
    "began": "2027-03-01T12:00:00+08:00",
    "ended": "2027-03-01T12:00:01+08:00",
    "erased": [
        {"rule": "example.rule", "words": "示例内容", "term": "24小时", "term_seconds": 86400, "count": 41, "at": "x"}
    ],
}


@pytest.fixture
def text(app: Flask) -> str:
    return render(sign(STATEMENT))


def test_a_certificate_says_what_was_signed(text: str) -> None:
    document = dict(verify(text))
    assert {name: document[name] for name in STATEMENT} == STATEMENT
    assert render(sign(STATEMENT)) == text


def test_a_thousand_single_letters_changed_are_all_found(text: str) -> None:
    dice = random.Random(20170425)
    found = 0
    for _ in range(1_000):
        place = dice.randrange(len(text))
        other = dice.choice([letter for letter in '0123456789abcdef"{}:, 示' if letter != text[place]])
        with pytest.raises(InvalidInput):
            verify(text[:place] + other + text[place + 1 :])
        found += 1
    assert found == 1_000


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"kind": "retention certificate"}', "no JSON"])
def test_what_is_no_certificate_is_refused(app: Flask, text: str) -> None:
    with pytest.raises(InvalidInput):
        verify(text)


def test_one_of_another_installation_is_told_apart(app: Flask, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "SECRET_KEY", "another secret, long enough to be one, of elsewhere")
    with pytest.raises(InvalidInput, match="不是用本系统现在的密钥"):
        verify(text)


def test_a_name_given_twice_does_not_deceive_whoever_reads_it(text: str) -> None:
    forged = text.replace('"count": 41', '"count": 4, "count": 41')
    assert json.loads(forged) == json.loads(text)
    with pytest.raises(InvalidInput, match="不是原样"):
        verify(forged)


def test_the_command_verifies_a_file(app: Flask, text: str, tmp_path: Path) -> None:
    file = tmp_path / "certificate.json"
    file.write_text(text, encoding="utf-8")
    runner = app.test_cli_runner()
    good = runner.invoke(retention_commands, ["verify", str(file)])
    assert (good.exit_code, good.output.splitlines()[1]) == (0, "example.rule\t41\t24小时")
    file.write_text(text.replace("41", "14"), encoding="utf-8")
    bad = runner.invoke(retention_commands, ["verify", str(file)])
    assert (bad.exit_code, "签名不符" in bad.output) == (1, True)
