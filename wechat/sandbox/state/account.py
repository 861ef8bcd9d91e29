"""One official account with everything the platform keeps for it in memory."""

import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from wechat.sandbox.clock import PlatformClock
from wechat.sandbox.config import SandboxConfig
from wechat.sandbox.engine.messages import Incoming
from wechat.sandbox.engine.push import PushEngine
from wechat.sandbox.engine.schedule import Schedule
from wechat.sandbox.faults.plan import FaultPlan
from wechat.sandbox.state.articles import Articles
from wechat.sandbox.state.customer import CustomerWindows
from wechat.sandbox.state.followers import Followers
from wechat.sandbox.state.links import PageTickets, SceneCodes, ShortKeys
from wechat.sandbox.state.mass import Mass
from wechat.sandbox.state.media import Media
from wechat.sandbox.state.menu import Menu
from wechat.sandbox.state.oauth import OAuth
from wechat.sandbox.state.outbox import Outbox
from wechat.sandbox.state.quotas import Quotas
from wechat.sandbox.state.tags import Tags
from wechat.sandbox.state.templates import Consents, SentOnce, Templates
from wechat.sandbox.state.tokens import Tokens


class Account:
    """Holds the parts together; each part guards its own state, and none calls another while it holds its lock."""

    def __init__(self, config: SandboxConfig, clock: PlatformClock, schedule: Schedule, faults: FaultPlan) -> None:
        rng = config.rng
        self._changing = threading.Lock()
        self.config = config
        self.clock = clock
        self.schedule = schedule
        self.faults = faults
        self.quotas = Quotas(clock, lambda: self.config.quota_divisor)
        self.tokens = Tokens(clock, rng)
        self.page_tickets = PageTickets(clock, rng)
        self.menu = Menu()
        self.autoreply: Mapping[str, object] = {}
        self.oauth = OAuth(clock, rng)
        self.followers = Followers(config.appid, clock, rng)
        self.tags = Tags()
        self.outbox = Outbox(clock)
        self.windows = CustomerWindows(clock)
        self.media = Media(clock, rng, lambda: self.mp_base)
        self.articles = Articles(clock, rng, lambda: self.mp_base, self.media)
        self.mass = Mass(clock, rng)
        self.templates = Templates(rng)
        self.notice_templates = Templates(rng)
        self.once_templates = Templates(rng)
        self.consents = Consents(clock)
        self.sent_templates = SentOnce(clock)
        self.scene_codes = SceneCodes(clock, rng, lambda: self.config.public_url or "http://weixin.qq.com")
        self.short_keys = ShortKeys(clock, rng)
        self.engine = PushEngine(lambda: self.config, clock, schedule, faults)

    @property
    def mp_base(self) -> str:
        """Where the host mp.weixin.qq.com is reached."""
        return f"{self.config.public_url}/mp" if self.config.public_url else "https://mp.weixin.qq.com"

    def change(self, **changes: Any) -> None:
        """Change settings of the account from now on; raise SettingError for one that cannot be."""
        with self._changing:
            self.config = replace(self.config, **changes)

    def may(self, right: str) -> bool:
        return right in self.config.rights

    def tell(self, push: Incoming) -> None:
        """Push an event later, from another thread, unless events of its kind are switched off."""
        if push.kind not in self.config.quiet_events:
            self.schedule.later(0, self.push, push)

    def push(self, push: Incoming) -> None:
        """Push an event whose answer nobody sees, and wait until the end is known."""
        self.engine.deliver(push, lambda delivery, _reply: self.outbox.record(push.openid, delivery))
