"""The kinds of notices, the phases they go through, and what each of them has; pure."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Kind(StrEnum):
    """What a notice is for."""

    UNIT = "unit"
    CANDIDATES = "candidates"
    FINAL = "final"
    PLAIN = "plain"
    OPENING = "opening"
    CLOSING = "closing"


class Phase(StrEnum):
    """Where a notice stands for its readers: its period runs, is over, was concluded; or it has none and stands."""

    DRAFT = "draft"
    RUNNING = "running"
    OVER = "over"
    CONCLUDED = "concluded"
    STANDING = "standing"


class State(StrEnum):
    """How far a version is on its way through the office."""

    DRAFT = "draft"
    REVIEWING = "reviewing"
    SIGNING = "signing"
    PUBLISHED = "published"
    DROPPED = "dropped"


class Change(StrEnum):
    """What a version is to the one before it."""

    FIRST = "first"
    SUBJECTS = "subjects"
    WITHDRAWAL = "withdrawal"
    MISPRINT = "misprint"


class Steps(StrEnum):
    """How many hands a version passes through before it is public."""

    THREE = "three"
    TWO = "two"
    ONE = "one"


KIND_NAMES: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.UNIT: "推荐单位公示",
        Kind.CANDIDATES: "候选对象公示",
        Kind.FINAL: "预备人选公示",
        Kind.PLAIN: "公告",
        Kind.OPENING: "投票开始公告",
        Kind.CLOSING: "投票结束公告",
    }
)
PHASE_NAMES: Mapping[Phase, str] = MappingProxyType(
    {
        Phase.DRAFT: "未发布",
        Phase.RUNNING: "公示中",
        Phase.OVER: "公示期满",
        Phase.CONCLUDED: "公示已结束",
        Phase.STANDING: "已发布",
    }
)
WITH_PERIOD = frozenset({Kind.UNIT, Kind.CANDIDATES, Kind.FINAL})
"""Kinds that run for some working days, have subjects, and may be objected to."""

STATE_NAMES: Mapping[State, str] = MappingProxyType(
    {
        State.DRAFT: "拟稿中",
        State.REVIEWING: "等待审核",
        State.SIGNING: "等待签发",
        State.PUBLISHED: "已发布",
        State.DROPPED: "已作废",
    }
)
CHANGE_NAMES: Mapping[Change, str] = MappingProxyType(
    {
        Change.FIRST: "首次发布",
        Change.SUBJECTS: "增加或更换对象",
        Change.WITHDRAWAL: "撤下对象",
        Change.MISPRINT: "更正文字",
    }
)
STEPS_NAMES: Mapping[Steps, str] = MappingProxyType(
    {Steps.THREE: "拟稿—审核—签发", Steps.TWO: "拟稿—签发", Steps.ONE: "拟稿人直接发布"}
)
UNPUBLISHED = (State.DRAFT, State.REVIEWING, State.SIGNING)
"""A notice has at most one version in one of these."""

MOST_SUBJECTS = 1_000
LONGEST_PERIOD = 60  # working days
