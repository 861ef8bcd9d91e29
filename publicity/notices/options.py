"""What staff may set about notices: the steps of a draft, how days are counted, and who takes objections."""

from publicity.notices.kinds import LONGEST_PERIOD, STEPS_NAMES, Steps
from publicity.notices.office import Office
from staff.options.acts import PUBLICITY
from staff.options.kinds import Choice, Line, Number, Switch
from staff.options.registry import Group, declare_option

_NEXT_TIME = "已经发布的不变，以后发布的照此办理。"


def _tell_steps(before: str, after: str) -> str:
    names = {str(step): words for step, words in STEPS_NAMES.items()}
    alone = "以后拟稿人一个人就能发布，没有第二个人看过。" if after == Steps.ONE else ""
    return f"发布一份公示的步骤从“{names.get(before, before)}”改为“{names.get(after, after)}”。{alone}{_NEXT_TIME}"


def _tell_own_day(before: bool, after: bool) -> str:  # noqa: ARG001  # options hand over both values
    when = "发布当天就算第一天（当天是工作日的话）" if after else "发布第二天起算"
    return f"公示期改为从{when}。{_NEXT_TIME}"


STEPS = declare_option(
    "publicity.steps",
    "公示审签",
    Choice(lambda: {str(step): words for step, words in STEPS_NAMES.items()}),
    str(Steps.THREE),
    group=Group.PUBLICITY,
    act=PUBLICITY,
    hint="一份公示或公告要经过哪几步才发布。审核、签发的人不能是拟稿的人，签发的人也不能是审核的人。",
    consequence=_tell_steps,
)
OWN_DAY = declare_option(
    "publicity.own_day",
    "发布当日计入公示期",
    Switch("计入", "不计入"),
    False,
    group=Group.PUBLICITY,
    act=PUBLICITY,
    hint="平常从发布的第二天起算。有的公示把发布当天也算一天。",
    consequence=_tell_own_day,
)
PERIOD = declare_option(
    "publicity.period",
    "公示期至少几个工作日",
    Number(1, LONGEST_PERIOD, "个工作日"),
    5,
    group=Group.PUBLICITY,
    act=PUBLICITY,
    hint="按国务院办公厅的放假安排算工作日，调休上班的周末也算。通知要求不少于5个工作日。",
)
OFFICE = declare_option(
    "publicity.office",
    "受理单位",
    Line(most=80),
    "市委组织部组织一科",
    group=Group.PUBLICITY,
    act=PUBLICITY,
    hint="公示里写的受理单位，起草时自动填上，每份还可以改。",
)
HOURS = declare_option(
    "publicity.hours",
    "受理时间",
    Line(most=120, required=False),
    "公示期内工作日的工作时间",
    group=Group.PUBLICITY,
    act=PUBLICITY,
    hint="例如：工作日8:30至12:00，14:30至17:30。",
)
PHONE = declare_option(
    "publicity.phone",
    "受理电话",
    Line(most=40, required=False),
    "12380",
    group=Group.PUBLICITY,
    act=PUBLICITY,
    hint="12380是组织部门的举报电话，也可以写本科室的号码。",
)
ADDRESS = declare_option(
    "publicity.address",
    "受理地址",
    Line(most=160, required=False),
    "",
    group=Group.PUBLICITY,
    act=PUBLICITY,
    hint="来信寄到、来访去到的地方，带邮政编码。有公示期的公示必须写。",
)
EMAIL = declare_option(
    "publicity.email",
    "受理邮箱",
    Line(most=80, required=False),
    "",
    group=Group.PUBLICITY,
    act=PUBLICITY,
    hint="没有就空着，公示里不写。",
)
ISSUER = declare_option(
    "publicity.issuer",
    "落款机关",
    Line(most=60),
    "焦作市委组织部",
    group=Group.PUBLICITY,
    act=PUBLICITY,
    hint="写在公示正文最后，下面是发布日期。",
)


def default_office() -> Office:
    """Return who takes objections unless a notice says otherwise."""
    return Office(OFFICE.value(), HOURS.value(), PHONE.value(), ADDRESS.value(), EMAIL.value())


def steps_now() -> Steps:
    """Return how many hands a draft passes through now."""
    return Steps(STEPS.value())
