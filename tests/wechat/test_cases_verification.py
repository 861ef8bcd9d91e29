"""The contract's cases of area verify: the platform checks that the address is ours."""

import pytest
from flask.testing import FlaskClient

from tests.wechat.cases import CASES, account_of, clock_of, ids_of, play, requests_of
from tests.wechat.conftest import UseAccount


@pytest.mark.parametrize("case_id", ids_of("verify"))
def test_verification(client: FlaskClient, use_account: UseAccount, case_id: str) -> None:
    case = CASES[case_id]
    expected = case["expected"]
    use_account(clock_of(case), **account_of(case))
    (sent,) = requests_of(case)
    response = play(client, sent)
    assert response.status_code == expected["status"]
    assert response.text == expected.get("body_exact", "")
    assert response.content_type.startswith(expected.get("content_type_prefix", "text/plain"))
    assert "body_must_not_contain" not in expected or expected["body_must_not_contain"] not in response.text
