"""One examination: the checks in the order in which an operator sets an account up; the last one is kept in Redis."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

import orjson
import structlog

from foundation.errors import Unavailable
from foundation.keyvalue import RedisError, keyvalue
from foundation.queues import enqueue
from foundation.transaction import transaction
from staff.actors import Actor
from staff.audit import record
from wechat.account import Account, current_account
from wechat.acts import EXAMINE
from wechat.doctor.findings import Finding, Level, hint
from wechat.doctor.platform import check_credentials, check_menu, check_pushes, check_rights, check_troubles
from wechat.doctor.site import check_address, check_callback, check_clock, check_domain_file

log = structlog.get_logger(__name__)
KEPT = 7 * 86_400  # seconds
STALLED_AFTER = 180  # seconds; no examination takes so long
CHECKS: tuple[Callable[[Account], Iterator[Finding]], ...] = (
    check_address,
    check_callback,
    check_clock,
    check_credentials,
    check_rights,
    check_troubles,
    check_domain_file,
    check_pushes,
    check_menu,
)


@dataclass(frozen=True, slots=True)
class Examination:
    """What is known so far: `done` of all the CHECKS are through; `stalled` where nobody seems to go on."""

    begun_at: datetime
    done: int
    findings: tuple[Finding, ...]
    stalled: bool = False

    @property
    def moving(self) -> bool:
        return self.done < len(CHECKS) and not self.stalled

    @property
    def whole(self) -> int:
        return len(CHECKS)

    @property
    def faults(self) -> int:
        return sum(finding.level is Level.FAULT for finding in self.findings)


def examine() -> Iterator[tuple[Finding, ...]]:
    """Run every check and yield what it found; takes seconds, of an account that cannot be reached a minute.

    A check that fails itself is a finding too: the others go on.
    """
    account = current_account()
    for check in CHECKS:
        try:
            yield tuple(check(account))
        except Exception as error:
            log.exception("examination_failed", check=check.__name__)
            yield (hint("有一项没有查成", f"{check.__name__}：{type(error).__name__}", "过一会儿再查一次"),)


def begin_examination(actor: Actor) -> None:
    """Have a worker examine the account; raises Unavailable while Redis is away."""
    try:
        _keep(Examination(current_account().clock(), 0, ()))
        with transaction():
            record(EXAMINE, "公众号设置", actor)
            enqueue(run_examination)
    except RedisError:
        raise Unavailable("现在不能检查，请稍后再试。") from None


def run_examination() -> None:
    """Examine the account and keep what is found, check by check."""
    begun_at = current_account().clock()
    found: tuple[Finding, ...] = ()
    for done, findings in enumerate(examine(), 1):
        found = (*found, *findings)
        _keep(Examination(begun_at, done, found))


def last_examination() -> Examination | None:
    """Return the examination under way or the last one, None where there is none or Redis is away."""
    try:
        kept = keyvalue().get(_key())
    except RedisError:
        return None
    if kept is None:
        return None
    value = orjson.loads(kept)
    begun_at = datetime.fromisoformat(value["begun_at"])
    late = (current_account().clock() - begun_at).total_seconds() > STALLED_AFTER
    findings = tuple(
        Finding(Level(one["level"]), one["title"], one["meaning"], tuple(one["steps"])) for one in value["findings"]
    )
    return Examination(begun_at, value["done"], findings, stalled=late and value["done"] < len(CHECKS))


def _keep(examination: Examination) -> None:
    value = {"begun_at": examination.begun_at, "done": examination.done, "findings": examination.findings}
    keyvalue().set(_key(), orjson.dumps(value), ex=KEPT)


def _key() -> str:
    return f"wechat:{current_account().settings.wechat_appid}:examination"
