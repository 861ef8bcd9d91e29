"""The one official account the sandbox plays, with everything the platform keeps for it in memory."""

from wechat.sandbox.config import SandboxConfig
from wechat.sandbox.customer import CustomerWindows
from wechat.sandbox.followers import Followers
from wechat.sandbox.menu import Menu
from wechat.sandbox.oauth import OAuth
from wechat.sandbox.push import PushEngine
from wechat.sandbox.tokens import Tokens


class Account:
    """Holds the parts together; each part guards its own state, and none calls another while it holds its lock."""

    def __init__(self, config: SandboxConfig) -> None:
        self.config = config
        self.tokens = Tokens(config.clock, config.rng)
        self.menu = Menu()
        self.oauth = OAuth(config.clock, config.rng)
        self.followers = Followers(config.appid, config.clock, config.rng)
        self.windows = CustomerWindows(config.clock)
        self.engine = PushEngine(config)
