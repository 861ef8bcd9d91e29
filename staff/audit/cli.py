"""The audit trail from the command line: checking it, and putting down where it stands."""

import sys
from collections.abc import Mapping
from types import MappingProxyType

import click
from flask.cli import AppGroup

from staff.audit.chain import START, Fault
from staff.audit.checking import CheckOutcome, check_whole, keep_checkpoint
from staff.command_line import acting_as_option, actor_named, telling

audit_commands = AppGroup("audit", help="Check the audit trail against its chain of hashes.")

_FAULTS: Mapping[Fault, str] = MappingProxyType(
    {
        Fault.GAP: "the link is missing",
        Fault.ENTRY_MISSING: "the entry of the link is missing",
        Fault.TORN: "the link does not continue the one before",
        Fault.CHANGED: "the entry or its link was changed",
        Fault.UNLINKED: "the entry with this id has no link",
        Fault.CUT: "the trail was cut off from this link on: a checkpoint lies beyond",
        Fault.REWRITTEN: "the link is not the one that a checkpoint was made of",
        Fault.FORGED: "a checkpoint of this link is not signed with our key",
        Fault.NOT_KEPT: "CHECKPOINT_DIR cannot be read or written",
    }
)


@audit_commands.command("verify")
@acting_as_option
def verify(acting_as: str | None) -> None:
    """Check the whole trail: every entry, every link, and every checkpoint in CHECKPOINT_DIR.

    Names the first link that does not hold and ends with status 1. After a restore from a backup, or a new
    SECRET_KEY, move the old audit.txt aside: its checkpoints speak of another trail.
    """
    with telling():
        outcome = check_whole(actor_named(acting_as))
    _tell(outcome)


@audit_commands.command("checkpoint")
def checkpoint() -> None:
    """Check what is new and put down, signed, where the trail stands: in the log and in CHECKPOINT_DIR/audit.txt.

    The service does so every hour by itself.
    """
    _tell(keep_checkpoint())


def _tell(outcome: CheckOutcome) -> None:
    if outcome.fault is not None:
        where = "" if outcome.seq is None else f" at {outcome.seq}"
        click.echo(f"broken{where}: {_FAULTS[outcome.fault]}", err=True)
        sys.exit(1)
    head = outcome.head or START
    click.echo(f"intact: {head.seq} entries, {head.hash.hex()}")
