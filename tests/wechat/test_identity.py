"""The voter's cookie says who somebody is, only we can write it, and it ends."""

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Request, Response
from werkzeug.http import parse_cookie
from werkzeug.test import EnvironBuilder

from foundation.encryption import Sealer
from tests.conftest import SECRETS
from tests.wechat.conftest import UseAccount
from tests.wechat.factories_wechat import NOW, OPENID_A, OPENID_B
from wechat.account import Account
from wechat.identity import MAX_AGE_SECONDS, PURPOSE_SECONDS, Voter, current_voter, sign_in_voter

DAY = 86_400


def request_with(**cookies: str) -> Request:
    builder = EnvironBuilder(headers=[("Cookie", "; ".join(f"{name}={value}" for name, value in cookies.items()))])
    return Request(builder.get_environ())


def signed_in(snapshot: bool = False) -> Response:
    response = Response()
    sign_in_voter(response, OPENID_A, snapshot)
    return response


def cookie_of(response: Response) -> tuple[str, str]:
    ((name, value),) = parse_cookie(response.headers["Set-Cookie"].partition(";")[0]).items()
    return name, value


def voter_of(value: str) -> Voter | None:
    return current_voter(request_with(voter=value))


@pytest.fixture
def account(use_account: UseAccount) -> Account:
    return use_account()


@pytest.mark.parametrize("snapshot", [False, True])
@pytest.mark.usefixtures("account")
def test_whoever_signed_in_is_recognised(snapshot: bool) -> None:
    name, value = cookie_of(signed_in(snapshot))
    assert name == "voter"
    assert voter_of(value) == Voter(OPENID_A, snapshot)


@pytest.mark.usefixtures("account")
def test_the_cookie_hides_the_person_and_differs_each_time() -> None:
    first, second = cookie_of(signed_in())[1], cookie_of(signed_in())[1]
    assert first != second
    assert OPENID_A not in first
    assert OPENID_A.encode() not in bytes.fromhex(first)


@pytest.mark.parametrize(
    ("public_url", "beginning", "attributes"),
    [
        ("https://vote.example", "__Host-voter=", {"Secure", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=2592000"}),
        ("http://vote.example", "voter=", {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=2592000"}),
    ],
)
def test_what_the_browser_is_told(
    use_account: UseAccount, public_url: str, beginning: str, attributes: set[str]
) -> None:
    use_account(public_url=public_url)
    cookie, *said = signed_in().headers["Set-Cookie"].split("; ")
    assert cookie.startswith(beginning)
    assert {part for part in said if not part.startswith("Expires=")} == attributes


def test_over_https_the_plain_name_counts_for_nothing(use_account: UseAccount) -> None:
    use_account(public_url="https://vote.example")
    _, value = cookie_of(signed_in())
    assert current_voter(request_with(voter=value)) is None
    assert current_voter(request_with(**{"__Host-voter": value})) == Voter(OPENID_A, snapshot=False)


@pytest.mark.parametrize(
    ("age", "recognised"),
    [(0, True), (MAX_AGE_SECONDS - 1, True), (MAX_AGE_SECONDS, False), (400 * DAY, False), (-300, True), (-301, False)],
)
def test_a_cookie_lasts_thirty_days(account: Account, age: int, recognised: bool) -> None:
    _, value = cookie_of(signed_in())
    account.clock = lambda: datetime.fromtimestamp(NOW + age, UTC)
    assert (voter_of(value) is not None) is recognised


@pytest.mark.parametrize(
    "elsewhere",
    [{"wechat_appid": "wxffffffffffffffff"}, {"secret_key": "another secret, just as long as the first one"}],
)
def test_a_cookie_of_another_account_or_service_counts_for_nothing(
    use_account: UseAccount, elsewhere: dict[str, str]
) -> None:
    use_account(**elsewhere)
    _, value = cookie_of(signed_in())
    use_account()
    assert voter_of(value) is None


@pytest.mark.usefixtures("account")
def test_no_character_of_the_cookie_may_change() -> None:
    _, value = cookie_of(signed_in())
    forged = [value[:at] + ("0" if value[at] != "0" else "1") + value[at + 1 :] for at in range(len(value))]
    assert [other for other in forged if voter_of(other) is not None] == []


@pytest.mark.parametrize("value", ["", "0", "00" * 11, "00" * 12, "00" * 28, "zz", "投票", "{}", "null", "0" * 4096])
@pytest.mark.usefixtures("account")
def test_what_never_was_a_cookie_of_ours(value: str) -> None:
    assert voter_of(value) is None


@pytest.mark.parametrize(
    "change",
    [
        {"o": None},
        {"o": ""},
        {"o": 1},
        {"i": None},
        {"i": str(NOW)},
        {"i": True},
        {"i": 1e9},
        {"e": None},
        {"e": "00000000"},
        {"s": None},
        {"s": 1},
        {"s": "true"},
    ],
)
def test_a_sealed_value_of_another_shape_counts_for_nothing(account: Account, change: dict[str, Any]) -> None:
    whole = {"o": OPENID_A, "i": NOW, "e": account.epoch, "s": False}
    assert voter_of(account.voter_sealer.seal(whole)) == Voter(OPENID_A, snapshot=False)
    assert voter_of(account.voter_sealer.seal({**whole, **change})) is None
    for missing in change:
        assert voter_of(account.voter_sealer.seal({k: v for k, v in whole.items() if k != missing})) is None


def test_what_was_sealed_for_another_purpose_counts_for_nothing(account: Account) -> None:
    whole = {"o": OPENID_A, "i": NOW, "e": account.epoch, "s": False}
    assert voter_of(Sealer(SECRETS["SECRET_KEY"], "link").seal(whole)) is None


class TestPurpose:
    """Whoever came in by a personal link is somebody for one purpose, and for nothing else."""

    @staticmethod
    def cookies(*people: tuple[str, str | None]) -> Request:
        """Return a request with the cookies of people, each signed in for a purpose or for everything."""
        kept: dict[str, str] = {}
        for openid, purpose in people:
            response = Response()
            sign_in_voter(response, openid, snapshot=False, purpose=purpose)
            name, value = cookie_of(response)
            kept[name] = value
        return request_with(**kept)

    @pytest.mark.usefixtures("account")
    def test_a_purpose_is_no_other_and_not_everything(self) -> None:
        request = self.cookies((OPENID_A, "poll:one"))
        found = [current_voter(request, purpose) for purpose in ("poll:one", "poll:two", "poll:", None)]
        assert found == [Voter(OPENID_A, snapshot=False), None, None, None]

    @pytest.mark.usefixtures("account")
    def test_signing_in_for_everything_is_for_each_purpose(self) -> None:
        assert current_voter(self.cookies((OPENID_A, None)), "poll:one") == Voter(OPENID_A, snapshot=False)

    def test_the_later_of_two_counts(self, account: Account) -> None:
        cookies: list[tuple[str, str]] = []
        for seconds, openid, purpose in ((0, OPENID_A, None), (1, OPENID_B, "poll:one"), (2, OPENID_A, None)):
            account.clock = lambda at=NOW + seconds: datetime.fromtimestamp(at, UTC)  # type: ignore[misc]
            response = Response()
            sign_in_voter(response, openid, snapshot=False, purpose=purpose)
            cookies.append(cookie_of(response))
        voters = [current_voter(request_with(**dict(cookies[:count])), "poll:one") for count in (1, 2, 3)]
        assert [voter and voter.openid for voter in voters] == [OPENID_A, OPENID_B, OPENID_A]

    @pytest.mark.parametrize(("age", "recognised"), [(PURPOSE_SECONDS - 1, True), (PURPOSE_SECONDS, False)])
    def test_it_lasts_a_day(self, account: Account, age: int, recognised: bool) -> None:
        request = self.cookies((OPENID_A, "poll:one"))
        account.clock = lambda: datetime.fromtimestamp(NOW + age, UTC)
        assert (current_voter(request, "poll:one") is not None) is recognised

    @pytest.mark.usefixtures("account")
    def test_a_value_under_another_name_counts_for_nothing(self) -> None:
        names = {}
        for purpose in ("poll:one", "poll:two"):
            response = Response()
            sign_in_voter(response, OPENID_A, snapshot=False, purpose=purpose)
            names[purpose] = cookie_of(response)
        stolen = {names["poll:two"][0]: names["poll:one"][1], "voter": names["poll:one"][1]}
        assert [current_voter(request_with(**stolen), purpose) for purpose in ("poll:two", None)] == [None, None]


@pytest.mark.usefixtures("account")
def test_the_reader_cannot_say_who_they_are() -> None:
    claims = [("Cookie", f"openid={OPENID_A}; voter={OPENID_A}"), ("X-Openid", OPENID_A)]
    builder = EnvironBuilder(query_string={"openid": OPENID_A, "voter": OPENID_A}, headers=claims)
    assert current_voter(Request(builder.get_environ())) is None
