"""Phones that show codes, and members who have one."""

from collections.abc import Iterable
from threading import Barrier, Thread
from typing import TYPE_CHECKING, TypeVar

import pyotp
from flask import Flask

from foundation.clock import database_now
from foundation.errors import AppError
from foundation.transaction import transaction
from staff.accounts import Account
from staff.recovery_codes import give_recovery_codes
from staff.second_factor import STEP, new_secret, put_second_factor
from staff.sessions import begin_session
from tests.staff.factories_staff import NETWORK

if TYPE_CHECKING:
    from collections.abc import Callable

Answer = TypeVar("Answer")


class Phone:
    """An authenticator with one secret, which goes by the database's clock."""

    def __init__(self, secret: bytes) -> None:
        self.secret = secret

    def code(self, *, steps: int = 0) -> str:
        """Return the code of now, or of so many steps from now."""
        return pyotp.TOTP(self.secret.decode(), interval=STEP).generate_otp(step_now() + steps)

    def wrong_code(self) -> str:
        """Return six digits that are the code of no step near."""
        near = {self.code(steps=steps) for steps in range(-3, 4)}
        return next(code for code in (f"{number:06}" for number in range(10)) if code not in near)


def step_now() -> int:
    with transaction() as session:
        return int(database_now(session).timestamp()) // STEP


def give_phone(account: Account) -> Phone:
    """Give a member a confirmed second factor, none of whose codes from now on is used."""
    phone = Phone(new_secret())
    assert put_second_factor(account.id, phone.secret, step_now() - 10)
    return phone


def give_codes(account: Account) -> tuple[str, ...]:
    with transaction():
        return give_recovery_codes(account.id)


def half_way(account: Account, *, network: str = NETWORK) -> str:
    """Return the token of somebody whose password was right."""
    return begin_session(account.id, replaces=None, network=network, browser="Windows 上的 Edge")


def at_once(app: Flask, calls: "Iterable[Callable[[], Answer]]") -> list[Answer | AppError]:
    """Make all the calls at the same moment, each with a session of its own, and return what came of them."""
    waiting = list(calls)
    answers: list[Answer | AppError] = []
    start = Barrier(len(waiting))

    def run(call: "Callable[[], Answer]") -> None:
        with app.app_context():
            start.wait(10)
            try:
                answers.append(call())
            except AppError as error:
                answers.append(error)

    threads = [Thread(target=run, args=(call,)) for call in waiting]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers
