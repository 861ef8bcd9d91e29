"""Which fault happens at which call, page or push: by kind, path, count, probability and seed."""

import itertools
import random
import threading
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal, get_args

ApiFault = Literal[
    "system_error",
    "token_invalid",
    "token_expired",
    "daily_quota",
    "minute_quota",
    "ip_not_allowed",
    "secret_frozen",
    "errcode",
    "bad_gateway",
    "unavailable",
    "html",
    "truncated",
    "text_plain",
    "delay",
    "hang",
    "reset_before",
    "reset_after",
]
PageFault = Literal["code_used", "code_expired", "state_changed", "snapshot_user", "double_callback", "preview"]
Retelling = Literal["duplicate", "concurrent_duplicate", "out_of_order", "late_retry"]
Tampering = Literal[
    "bad_signature",
    "bad_msg_signature",
    "old_timestamp",
    "wrong_appid",
    "previous_key",
    "odd_length",
    "unknown_event",
    "dtd",
    "too_large",
    "json_body",
    "truncated_xml",
    "empty_body",
    "no_msg_type",
]
Place = Literal["api", "oauth", "push"]

PLACES: dict[str, Place] = (
    dict.fromkeys(get_args(ApiFault), "api")
    | dict.fromkeys(get_args(PageFault), "oauth")
    | dict.fromkeys((*get_args(Retelling), *get_args(Tampering)), "push")
)


@dataclass
class Fault:
    """One kind of fault where `path` (a glob: an API path, an authorise scope, a kind of push) matches.

    The first `skip` matches are spared; then it happens `count` times (None: for ever), each with `probability` by
    the dice of `seed`. seconds is how long a delay takes; errcode and errmsg belong to the kind errcode.
    """

    kind: str
    path: str = "*"
    count: int | None = None
    skip: int = 0
    probability: float = 1.0
    seed: int = 0
    seconds: float = 6.0
    errcode: int = -1
    errmsg: str = "system error"
    number: int = 0
    fired: int = 0
    dice: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.kind not in PLACES:
            raise ValueError(f"unknown fault {self.kind!r}; known: {', '.join(PLACES)}")
        self.dice = random.Random(self.seed)  # noqa: S311  # to be repeated, not to be secret

    def happens(self, name: str) -> bool:
        """Whether it happens to this call, which then counts."""
        if not fnmatchcase(name, self.path) or (self.count is not None and self.fired >= self.count):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.probability < 1 and self.dice.random() >= self.probability:
            return False
        self.fired += 1
        return True


class FaultPlan:
    """The faults that were ordered, in that order; at most one happens at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._faults: list[Fault] = []
        self._released = threading.Event()

    def order(self, fault: Fault) -> Fault:
        with self._lock:
            fault.number = next(self._numbers)
            self._faults.append(fault)
            return fault

    def all(self) -> list[Fault]:
        with self._lock:
            return list(self._faults)

    def cancel(self, number: int | None = None) -> None:
        """Take back one fault or all, and let go of calls that hang."""
        with self._lock:
            self._faults = [fault for fault in self._faults if number not in (None, fault.number)]
            released, self._released = self._released, threading.Event()
        released.set()

    def take(self, place: Place, name: str) -> Fault | None:
        """The fault that happens here now, if any."""
        if not self._faults:
            return None
        with self._lock:
            return next((one for one in self._faults if PLACES[one.kind] == place and one.happens(name)), None)

    def hang(self, most_seconds: float) -> None:
        """Wait until the faults are taken back."""
        with self._lock:
            released = self._released
        released.wait(most_seconds)
