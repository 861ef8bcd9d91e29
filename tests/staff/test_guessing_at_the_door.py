"""A thousand guesses at passwords, codes and recovery codes, in parallel and from everywhere: nobody gets in."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import product
from typing import TYPE_CHECKING

import pytest
from flask import Flask

from foundation.errors import AppError
from staff.accounts import Account, authenticate
from staff.entry import pass_by_recovery_code, pass_second_step
from tests.staff.factories_keys import Phone, give_codes, give_phone, half_way
from tests.staff.factories_staff import NETWORK, PASSWORD, actor_of, recorded

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

GUESSES = 1000
SAME = [NETWORK] * GUESSES
EVERYWHERE = [f"203.{number // 250}.{number % 250}.0/24" for number in range(GUESSES)]


def outcomes(app: Flask, guesses: "Sequence[Callable[[], object]]") -> Counter[str]:
    """Make the guesses, eight at a time, and count what came of them."""

    def make(guess: "Callable[[], object]") -> str:
        with app.app_context():
            try:
                guess()
            except AppError as error:
                return type(error).__name__
            return "in"

    with ThreadPoolExecutor(8) as pool:
        return Counter(pool.map(make, guesses))


@pytest.mark.parametrize(("networks", "looked_at"), [(SAME, 5), (EVERYWHERE, 20)], ids=["one network", "everywhere"])
def test_a_thousand_passwords(app: Flask, member: Account, networks: "list[str]", looked_at: int) -> None:
    guesses = [partial(authenticate, "jingban", f"a wrong guess {n}", network) for n, network in enumerate(networks)]
    # What would be right comes last, and is not looked at any more.
    guesses[-1] = partial(authenticate, "jingban", PASSWORD, networks[-1])
    counted = outcomes(app, guesses)
    assert counted == {"InvalidInput": looked_at - 1, "NotAllowed": GUESSES - looked_at + 1}
    acts = Counter(act for _, act, _, _ in recorded())
    assert acts == {"staff.sign_in": looked_at, "staff.lock": 1, "staff.try_while_locked": GUESSES - looked_at}


def test_one_password_for_a_thousand_names_from_one_network(app: Flask, member: Account) -> None:
    names = [f"nobody{number}" for number in range(GUESSES - 1)]
    counted = outcomes(app, [partial(authenticate, name, PASSWORD, NETWORK) for name in [*names, "jingban"]])
    assert counted["in"] == 0
    assert counted["InvalidInput"] < 50


@pytest.mark.parametrize(("networks", "looked_at"), [(SAME, 5), (EVERYWHERE, 20)], ids=["one network", "everywhere"])
def test_a_thousand_codes(app: Flask, member: Account, networks: "list[str]", looked_at: int) -> None:
    phone = give_phone(member)
    counted = outcomes(app, [partial(guess_code, member, phone, network) for network in networks])
    assert counted == {"InvalidInput": looked_at - 1, "NotAllowed": GUESSES - looked_at + 1}
    assert ("jingban", "staff.sign_in", "jingban", "done") not in recorded()


def guess_code(member: Account, phone: Phone, network: str) -> object:
    return pass_second_step(
        replace(actor_of(member), network=network), half_way(member, network=network), phone.wrong_code()
    )


def test_a_thousand_recovery_codes(app: Flask, member: Account) -> None:
    give_phone(member)
    token, right = half_way(member), give_codes(member)[0]
    letters = product("ABCDEFGHJK", repeat=3)
    typed = ["-".join(("0000", "0000", f"0{''.join(three)}")) for three in letters]
    assert right not in typed
    guesses = [partial(pass_by_recovery_code, actor_of(member), token, code) for code in [*typed[:-1], right]]
    assert outcomes(app, guesses) == {"InvalidInput": 4, "NotAllowed": GUESSES - 4}


def test_guesses_at_codes_and_at_recovery_codes_are_counted_together(app: Flask, member: Account) -> None:
    phone, token = give_phone(member), half_way(member)
    by_recovery = [partial(pass_by_recovery_code, actor_of(member), token, "0000-0000-0000")] * 4
    by_phone = [partial(pass_second_step, actor_of(member), token, phone.wrong_code())] * 4
    assert outcomes(app, [*by_recovery, *by_phone]) == {"InvalidInput": 4, "NotAllowed": 4}
