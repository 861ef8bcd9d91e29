"""How many objections may be sent in an hour, as staff set it while notices run."""

from publicity.objections.gate import Limits
from staff.options.acts import LIMITS
from staff.options.kinds import Number
from staff.options.registry import Group, declare_option

_TOLD = "超过的人看到“提交太频繁”，填好的内容不丢；来信来电不受影响。"

PER_PERSON = declare_option(
    "objections.per_person",
    "每个微信号每小时最多反映几件",
    Number(1, 200, "件"),
    20,
    group=Group.LIMITS,
    act=LIMITS,
    hint=f"已确认微信身份的人按微信号计。{_TOLD}",
)
PER_NETWORK = declare_option(
    "objections.per_network",
    "每个网段每小时最多反映几件",
    Number(1, 1_000, "件"),
    30,
    group=Group.LIMITS,
    act=LIMITS,
    hint=f"没有确认微信身份的人按网段计，同一单位的人常在同一网段。{_TOLD}",
)
PER_NOTICE = declare_option(
    "objections.per_notice",
    "每项公示每小时最多收几件网页反映",
    Number(10, 10_000, "件"),
    300,
    group=Group.LIMITS,
    act=LIMITS,
    hint=f"只计没有确认微信身份的，防止有人用程序灌满。{_TOLD}",
)


def limits_in_force() -> Limits:
    """Return the limits that hold now."""
    return Limits(PER_PERSON.value(), PER_NETWORK.value(), PER_NOTICE.value())
