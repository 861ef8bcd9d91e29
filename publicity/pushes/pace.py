"""How fast pushes go, at most: a setting, for the platform does not say where its limit by the minute lies."""

from staff.options.acts import LIMITS
from staff.options.kinds import Number
from staff.options.registry import Group, declare_option

PER_SECOND = declare_option(
    "pushes.per_second",
    "每秒最多发送",
    Number(1, 100_000, "条"),
    200,
    group=Group.LIMITS,
    act=LIMITS,
    hint="一条一条发的推送，所有进程合在一起每秒最多发这么多。微信说“发得太快”时，推送会自己停一分钟再继续；常常这样，就把它调小。",
)
