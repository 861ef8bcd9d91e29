"""Supervisors and those whom they watch, and an invented matter with steps to witness."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest
from flask import Flask

from staff.accounts import Account
from staff.actors import Actor
from staff.roles import Role
from staff.supervision import witnessing
from staff.supervision.witnessing import Facts, Standing, Step, Witnessable, declare_witnessed
from tests.staff.factories_staff import actor_of, make_staff


@dataclass
class Orchard:
    """A room that offers trees: each is planted and felled under supervisors' eyes."""

    trees: dict[str, Witnessable] = field(default_factory=dict)

    def plant(self, key: str = "apple", title: str = "示例苹果树") -> None:
        planted = Step(Standing.HAPPENED, None, (("树坑", "一米深"), ("树苗", "一株")))
        steps = {"planting": planted, "felling": Step(Standing.COMING, None, (("预计", "秋天"),))}
        self.trees[key] = Witnessable(key, title, f"/console/orchard/{key}", steps)

    def change(self, key: str, step: str, facts: Facts, standing: Standing = Standing.HAPPENED) -> None:
        tree = self.trees[key]
        self.trees[key] = replace(tree, steps={**tree.steps, step: Step(standing, None, facts)})

    def finish(self, key: str) -> None:
        self.trees[key] = replace(self.trees[key], finished=True)


@pytest.fixture
def orchard(app: Flask) -> Iterator[Orchard]:
    there = Orchard()
    declare_witnessed(
        "tree",
        "树",
        {"planting": "栽种", "felling": "砍伐"},
        find=there.trees.get,
        current=lambda: tuple(there.trees.values()),
    )
    there.plant()
    yield there
    del witnessing._kinds["tree"]


@pytest.fixture
def supervisor_account(app: Flask) -> Account:
    return make_staff("jiandu", "示例监督员", Role.SUPERVISOR)


@pytest.fixture
def supervisor(supervisor_account: Account) -> Actor:
    return actor_of(supervisor_account)


@pytest.fixture
def other_supervisor(app: Flask) -> Actor:
    return actor_of(make_staff("jiandu2", "示例监督员二", Role.SUPERVISOR))


@pytest.fixture
def clerk(member: Account) -> Actor:
    return actor_of(member)


@pytest.fixture
def administrator(app: Flask) -> Actor:
    return actor_of(make_staff("guanli", "示例管理员", Role.ADMINISTRATOR))
