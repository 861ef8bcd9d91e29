"""Writing the trail: a row in the transaction of the act, so that there is never one without the other."""

from collections.abc import Sequence

from foundation.errors import InvalidInput
from foundation.transaction import transaction
from staff.actors import Actor
from staff.audit.models import AuditEntry

MAX_PURPOSE = 500  # characters


def record(
    act: str,
    object: str,  # noqa: A002
    actor: Actor,
    *,
    fields: Sequence[str] = (),
    result: str = "done",
    purpose: str = "",
) -> None:
    """Add the row to the running transaction, which it shares the fate of.

    `fields` are the names of what was touched, never values; `result` is done or refused; `purpose` is what somebody
    typed as the reason. Raises InvalidInput where that is longer than MAX_PURPOSE.
    """
    if len(purpose) > MAX_PURPOSE:
        raise InvalidInput(f"太长了，最多{MAX_PURPOSE}个字。", field="purpose")
    with transaction() as session:
        session.add(
            AuditEntry(
                actor=actor.name,
                role=actor.role,
                asked_by=actor.asked_by,
                act=act,
                object=object,
                result=result,
                purpose=purpose,
                fields=list(fields),
                request_id=actor.request_id,
                network=actor.network,
            )
        )
