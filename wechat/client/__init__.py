"""Calls to the platform, each part in its own file.

`calls` says what is asked; `tokens` and `keeping` hold the one token, and the one ticket of the JS-SDK, for all
processes; `breaker` stops calls that would be refused again, `pacing` those that come too fast; `transport` is how
single calls travel, `line` and `wire` how many of one kind do.
"""

from wechat.client.breaker import Pause
from wechat.client.calls import TICKET, TOKEN, Following, WebIdentity, WeChat
from wechat.client.line import Line
from wechat.client.pacing import Grant
from wechat.client.transport import Answer

__all__ = ["TICKET", "TOKEN", "Answer", "Following", "Grant", "Line", "Pause", "WeChat", "WebIdentity"]
