"""The job behind a download: it fulfils a wish of its own kinds, and says why where it cannot."""

import pytest
from flask import Flask

from foundation.errors import Conflict
from staff.actors import Actor
from staff.download_making import FAILED, Wish, fulfil
from staff.downloads import download_status, finish, request_download, take_file
from tests.staff.factories_staff import actor_of, make_staff

KIND = "example_list."


@pytest.fixture
def clerk(app: Flask) -> Actor:
    return actor_of(make_staff())


def ask(clerk: Actor, kind: str = f"{KIND}csv") -> str:
    return request_download(kind, "shili", "示例文件", clerk).key


def make(wish: Wish) -> None:
    finish(wish.key, f"示例.{wish.file_format}", wish.taker.display_name.encode())


def broken(_wish: Wish) -> None:
    raise ZeroDivisionError


def refused(_wish: Wish) -> None:
    raise Conflict("示例：现在还不行。")


def test_a_wish_is_fulfilled_for_whoever_asked(clerk: Actor) -> None:
    key = ask(clerk)
    fulfil(key, ("other.", KIND), 3, make)
    assert (download_status(key, clerk).state, download_status(key, clerk).total) == ("ready", 3)
    assert take_file(key, clerk).content == "示例经办".encode()


def test_a_wish_of_another_kind_is_left_alone(clerk: Actor) -> None:
    key = ask(clerk, "exampleXlist.csv")
    fulfil(key, (KIND,), 1, broken)
    assert download_status(key, clerk).state == "waiting"


def test_what_a_person_can_be_told_stands_on_the_page(clerk: Actor) -> None:
    key = ask(clerk)
    fulfil(key, (KIND,), 1, refused)
    assert (download_status(key, clerk).state, download_status(key, clerk).error) == ("failed", "示例：现在还不行。")


def test_anything_else_is_raised_for_the_queue_and_told_in_general(clerk: Actor) -> None:
    key = ask(clerk)
    with pytest.raises(ZeroDivisionError):
        fulfil(key, (KIND,), 1, broken)
    assert (download_status(key, clerk).state, download_status(key, clerk).error) == ("failed", FAILED)


def test_a_job_that_failed_may_run_again(clerk: Actor) -> None:
    key = ask(clerk)
    fulfil(key, (KIND,), 1, refused)
    fulfil(key, (KIND,), 1, make)
    assert (download_status(key, clerk).state, download_status(key, clerk).error) == ("ready", None)
