"""All accounts of one platform, under one clock, one schedule and one plan of faults."""

import threading
from collections import Counter, deque
from dataclasses import dataclass

from wechat.sandbox.clock import PlatformClock
from wechat.sandbox.config import SandboxConfig, SettingError
from wechat.sandbox.engine.schedule import Schedule
from wechat.sandbox.faults.plan import FaultPlan
from wechat.sandbox.state.account import Account

MOST_CALLS = 5000


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One API call as it was answered; errcode 0 is a success, None a fault without an answer of the platform's."""

    at: float
    path: str
    errcode: int | None
    rid: str


class CallLog:
    """The latest API calls, and how often each path was answered how."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._latest: deque[CallRecord] = deque(maxlen=MOST_CALLS)
        self._counts: Counter[tuple[str, int | None]] = Counter()

    def note(self, record: CallRecord) -> None:
        with self._lock:
            self._latest.append(record)
            self._counts[record.path, record.errcode] += 1

    def latest(self) -> list[CallRecord]:
        with self._lock:
            return list(self._latest)

    def counts(self) -> dict[str, dict[str, int]]:
        """By path and errcode."""
        with self._lock:
            found: dict[str, dict[str, int]] = {}
            for (path, errcode), count in self._counts.items():
                found.setdefault(path, {})[str(errcode)] = count
            return found

    def by_rid(self, rid: str) -> CallRecord | None:
        with self._lock:
            return next((record for record in self._latest if record.rid == rid), None)

    def clear(self) -> None:
        with self._lock:
            self._latest.clear()
            self._counts.clear()


class World:
    """A platform. The account it was made with is the one that phones show unless another is named."""

    def __init__(self, config: SandboxConfig) -> None:
        self.clock = PlatformClock(config.clock)
        self.schedule = Schedule(self.clock)
        self.faults = FaultPlan()
        self.calls = CallLog()
        self.page_checks: deque[dict[str, object]] = deque(maxlen=200)
        self.accounts: dict[str, Account] = {}
        self.first = self.add(config)

    def add(self, config: SandboxConfig) -> Account:
        """Open another account on this platform."""
        if config.appid in self.accounts:
            raise SettingError("appid is another account's")
        account = Account(config, self.clock, self.schedule, self.faults)
        self.accounts[config.appid] = account
        return account

    def by_appid(self, appid: object) -> Account | None:
        return self.accounts.get(appid) if isinstance(appid, str) else None

    def by_token(self, access_token: str) -> Account:
        """The account whose access_token this is, the first one for a token nobody knows."""
        return next((one for one in self.accounts.values() if one.tokens.knows(access_token)), self.first)

    def by_oauth_token(self, access_token: str) -> Account:
        return next((one for one in self.accounts.values() if one.oauth.knows(access_token)), self.first)
