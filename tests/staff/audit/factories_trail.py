"""Trails to check and to tamper with, and an owner whom no trigger stops."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from foundation.database import libpq_url
from foundation.embedded.servers import Connections
from foundation.transaction import transaction
from staff.actors import COMMAND_LINE, SYSTEM, UNKNOWN, Actor
from staff.audit import record
from staff.audit.chain import ChainBrokenError, Fault, Head
from staff.audit.verifying import verify_chain
from staff.roles import Role

LEADER = Actor("lingdao", "示例部领导", None, "192.0.2.0/24", "request-9", Role.LEADER, None, asked_by="jingban")
PEOPLE = (SYSTEM, COMMAND_LINE, UNKNOWN, LEADER)


def write_trail(entries: int, *, at_once: int = 3) -> Head:
    """Record so many acts of all shapes, a few in each transaction; returns the chain's head."""
    for start in range(0, entries, at_once):
        with transaction():
            for number in range(start, min(start + at_once, entries)):
                record(
                    f"example.act_{number % 7}",
                    f"示例对象{number}（demo-{number}）",
                    PEOPLE[number % len(PEOPLE)],
                    fields=("opens_at", 'a "quoted", {name}', "名称")[: number % 4],
                    result="refused" if number % 5 == 0 else "done",
                    purpose="核对登记表" if number % 3 == 0 else "",
                )
    return verify_chain()


@contextmanager
def owner_unbound(connections: Connections) -> Iterator[psycopg.Connection]:
    """The owner of the tables with every trigger off: who has the server can do this."""
    with psycopg.connect(libpq_url(connections.owner_url), autocommit=True) as owner:
        owner.execute("SET session_replication_role = replica")
        yield owner


def found() -> tuple[Fault, int] | None:
    """Return what a check of the whole chain finds: the fault and where it begins."""
    try:
        verify_chain()
    except ChainBrokenError as broken:
        return broken.fault, broken.seq
    return None
