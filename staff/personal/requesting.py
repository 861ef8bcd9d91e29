"""Having a run carried out by the queue, so that a page can show how far it is."""

from foundation.queues import enqueue
from foundation.transaction import transaction
from staff.actors import Actor
from staff.personal.jobs import erase_what_is_due
from staff.personal.running import start_run

LONGEST = 3_600  # seconds


def request_run(actor: Actor) -> str:
    """Note the wish and ring for the worker; returns the run's key and raises what `start_run` raises."""
    with transaction():
        key = start_run(actor)
        enqueue(erase_what_is_due, key, timeout=LONGEST)
        return key
