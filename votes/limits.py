"""The gate's limits as staff set them while polls run; the environment's settings are what they start from."""

from collections.abc import Callable, Mapping

from staff.options.acts import LIMITS
from staff.options.kinds import Json, Number
from staff.options.registry import Group, declare_option, from_settings
from staff.options.shelf import option_shelf
from votes.gate import Gate, Limits

_AT_ONCE = "保存后几秒内生效。被拦下的人看到“操作太快”，过一分钟可以再试；已经收下的票不受影响。"


def _tells(whose: str) -> Callable[[int, int], str]:
    """Return what says the consequence of another limit on `whose` tries."""

    def tell(before: int, after: int) -> str:
        more = "会被拦下的人变多，投票人多的时候可能误拦。" if after < before else "能挡住的刷票变少。"
        return f"{whose}每分钟可试的次数从{before:,}次改为{after:,}次，{more}{_AT_ONCE}"

    return tell


PER_VOTER = declare_option(
    "gate.per_voter",
    "每个微信号每分钟最多试几次",
    Number(5, 1_000, "次"),
    from_settings(lambda settings: settings.gate_per_voter),
    group=Group.LIMITS,
    act=LIMITS,
    hint="同一次投票因网络不好重复提交，只算一次。平常投票一两次就够，20次很宽裕。",
    consequence=_tells("每个微信号"),
)
PER_ADDRESS = declare_option(
    "gate.per_address",
    "每个网段每分钟最多试几次",
    Number(100, 1_000_000, "次"),
    from_settings(lambda settings: settings.gate_per_address),
    group=Group.LIMITS,
    act=LIMITS,
    hint="手机上网时，成千上万人共用一个地址；一个单位的人也常在同一网段。太低会拦下正常投票的人。",
    consequence=_tells("每个网段"),
)
PER_POLL = declare_option(
    "gate.per_poll",
    "每项投票每分钟最多试几次",
    Number(1_000, 10_000_000, "次"),
    from_settings(lambda settings: settings.gate_per_poll),
    group=Group.LIMITS,
    act=LIMITS,
    hint="整个投票的总闸，防止服务器被冲垮。一般不用动。",
    consequence=_tells("每项投票"),
)


def limits_in_force() -> Limits:
    """Return the limits that hold now."""
    return Limits(PER_VOTER.value(), PER_ADDRESS.value(), PER_POLL.value())


class LimitKeeper:
    """Has a gate go by what staff set; asked before each ballot, it costs a glance unless something was read anew."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._seen: Mapping[str, Json] | None = None

    def look(self) -> None:
        """Tell the gate what holds now."""
        values = option_shelf().set_values()
        if values is not self._seen:
            self._gate.keep_to(limits_in_force())
            self._seen = values
