"""Ten codes on paper that stand in for a lost phone: each once, and only their digests rest."""

import hashlib

from sqlalchemy import delete, func, select, update

from foundation.database import rows_changed
from foundation.ids import read_short_code, short_code
from foundation.transaction import transaction
from staff.models import RecoveryCode

CODES = 10


def give_recovery_codes(member_id: int) -> tuple[str, ...]:
    """Return ten new codes, which nobody can show again; the former ones end. Joins the running transaction."""
    codes = tuple(short_code() for _ in range(CODES))
    with transaction() as session:
        forget_recovery_codes(member_id)
        session.add_all(RecoveryCode(member_id=member_id, digest=digest_of(member_id, code)) for code in codes)
    return codes


def use_recovery_code(member_id: int, typed: str) -> bool:
    """Use up the code that was typed, in whatever writing; tell whether it was there and unused."""
    code = read_short_code(typed)
    if code is None:
        return False
    with transaction() as session:
        used = session.execute(
            update(RecoveryCode)
            .where(
                RecoveryCode.member_id == member_id,
                RecoveryCode.digest == digest_of(member_id, code),
                RecoveryCode.used_at.is_(None),
            )
            .values(used_at=func.clock_now())
            .execution_options(synchronize_session=False)
        )
        return rows_changed(used) == 1


def forget_recovery_codes(member_id: int) -> None:
    """Make all codes of a member void; joins the running transaction."""
    with transaction() as session:
        session.execute(delete(RecoveryCode).where(RecoveryCode.member_id == member_id))


def recovery_codes_left(member_id: int) -> int:
    """Return how many codes of a member are unused."""
    left = select(func.count()).where(RecoveryCode.member_id == member_id, RecoveryCode.used_at.is_(None))
    with transaction() as session:
        return session.scalars(left).one()


def digest_of(member_id: int, code: str) -> bytes:
    """Return what rests of a code: 60 random bits, so a slow digest leaves nothing to search through."""
    salt = f"recovery code of member {member_id}".encode()
    return hashlib.scrypt(code.encode(), salt=salt, n=2**13, r=8, p=1, dklen=32)
