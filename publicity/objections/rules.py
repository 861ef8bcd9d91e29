"""What an objection may become, what it is called in each state and how it may come; pure."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Way(StrEnum):
    """How an objection came: the first two by the page, the others through staff who entered it."""

    WECHAT = "wechat"
    WEB = "web"
    LETTER = "letter"
    TELEPHONE = "telephone"
    VISIT = "visit"


class RaisedAs(StrEnum):
    """By whom it was raised: under a person's own name, by a unit under its seal, or by nobody named."""

    PERSON = "person"
    UNIT = "unit"
    ANONYMOUS = "anonymous"


class State(StrEnum):
    """How far an objection is."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    EXAMINED = "examined"
    FOUNDED = "founded"
    UNFOUNDED = "unfounded"
    DECLINED = "declined"


WAY_NAMES: Mapping[Way, str] = MappingProxyType(
    {Way.WECHAT: "微信", Way.WEB: "网页", Way.LETTER: "来信", Way.TELEPHONE: "来电", Way.VISIT: "来访"}
)
RAISED_AS_NAMES: Mapping[RaisedAs, str] = MappingProxyType(
    {RaisedAs.PERSON: "实名", RaisedAs.UNIT: "单位", RaisedAs.ANONYMOUS: "匿名"}
)
STATE_NAMES: Mapping[State, str] = MappingProxyType(
    {
        State.RECEIVED: "待受理",
        State.ACCEPTED: "核查中",
        State.EXAMINED: "待认定",
        State.FOUNDED: "属实",
        State.UNFOUNDED: "不属实",
        State.DECLINED: "不予受理",
    }
)
TOLD: Mapping[State, str] = MappingProxyType(
    {
        State.RECEIVED: "已收到，等待受理",
        State.ACCEPTED: "已受理，正在核查",
        State.EXAMINED: "已核查，等待认定",
        State.FOUNDED: "已办结：属实",
        State.UNFOUNDED: "已办结：不属实",
        State.DECLINED: "不予受理",
    }
)
"""What whoever raised it reads."""

BY_STAFF = frozenset({Way.LETTER, Way.TELEPHONE, Way.VISIT})
OPEN = frozenset({State.RECEIVED, State.ACCEPTED, State.EXAMINED})
RESULTS = frozenset({State.FOUNDED, State.UNFOUNDED})
"""What an examination ends with."""

WITHOUT_LEAD = "匿名反映且没有具体线索，按规定不予受理。"
_NEXT: Mapping[State, frozenset[State]] = MappingProxyType(
    {
        State.RECEIVED: frozenset({State.ACCEPTED, State.DECLINED}),
        State.ACCEPTED: frozenset({State.EXAMINED}),
        State.EXAMINED: RESULTS,
    }
)


def may_become(state: State, target: State) -> bool:
    """Tell whether an objection goes from `state` to `target` in one step."""
    return target in _NEXT.get(state, frozenset())


def may_be_handed_over(state: State) -> bool:
    """Tell whether somebody has it in hand who may give it to a colleague."""
    return state in {State.ACCEPTED, State.EXAMINED}


def is_declined_by_rule(raised_as: RaisedAs, *, has_lead: bool) -> bool:
    """Tell whether nothing can be examined: nobody stands behind it and no lead is named."""
    return raised_as is RaisedAs.ANONYMOUS and not has_lead
