"""The trail in words: what fields, kinds of acts and results are called, and what is wrong with the chain."""

from collections.abc import Mapping
from types import MappingProxyType

from staff.acts import ACTS
from staff.audit.chain import Fault

RESULTS: Mapping[str, str] = MappingProxyType({"done": "完成", "refused": "未通过"})
_FAULTS: Mapping[Fault, str] = MappingProxyType(
    {
        Fault.GAP: "第{}条记录的链环不见了",
        Fault.ENTRY_MISSING: "第{}条记录不见了",
        Fault.TORN: "第{}条记录接不上前一条",
        Fault.CHANGED: "第{}条记录被改动过",
        Fault.UNLINKED: "有一条记录（内部编号{}）没有编入链条",
        Fault.CUT: "从第{}条起的记录被截去",
        Fault.REWRITTEN: "第{}条记录与另存的检查点不符",
        Fault.FORGED: "另存的检查点中，第{}条记录的签名不对",
        Fault.NOT_KEPT: "检查点的第二存放处读不出或写不进",
    }
)
_fields: dict[tuple[str, str], str] = {}
_kinds: dict[str, str] = {}


def declare_fields(words: Mapping[str, str], kind: str = "") -> None:
    """Say what pages call fields that are named in the trail, in acts of one kind (`polls`) or, for "", in all.

    The last word counts.
    """
    _fields.update({(kind, name): word for name, word in words.items()})


def declare_kinds(words: Mapping[str, str]) -> None:
    """Say what pages call the acts whose names begin alike: `{"polls": "投票"}`."""
    _kinds.update(words)


def field_words(name: str, act: str) -> str:
    """Return what pages call a field that `act` touched, or its name where nobody said."""
    return _fields.get((kind_of(act), name)) or _fields.get(("", name), name)


def kind_of(act: str) -> str:
    """Return the first part of an act's name, by which acts are put together."""
    return act.partition(".")[0]


def kind_words(kind: str) -> str:
    return _kinds.get(kind, kind)


def result_words(result: str) -> str:
    return RESULTS.get(result, result)


def fault_words(fault: str, seq: int | None) -> str:
    """Return what is wrong with the chain, as a clause; `seq` is the number of the record, or None."""
    return _FAULTS[Fault(fault)].format(seq)


def acts_by_kind() -> dict[str, dict[str, str]]:
    """Return what pages call the acts, by their kinds, in the order in which they were declared."""
    kinds: dict[str, dict[str, str]] = {}
    for name, act in ACTS.items():
        kinds.setdefault(kind_of(name), {})[name] = act.words
    return kinds
