"""The shape of an API call and of the endpoint that answers it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from wechat.sandbox.account import Account


@dataclass(frozen=True)
class Call:
    """One API call as an endpoint sees it: the query, and the JSON object of a POST."""

    query: Mapping[str, str]
    body: Mapping[str, object]


@dataclass(frozen=True)
class Endpoint:
    """How a path is answered; with needs_token the account's access_token is checked before."""

    method: Literal["GET", "POST"]
    answer: Callable[[Account, Call], Mapping[str, object]]
    needs_token: bool = True
