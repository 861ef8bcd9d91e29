"""What supervision asks of whom today, as items for the desk."""

from collections.abc import Iterator

from flask import url_for

from foundation.clock import show_day, show_moment
from staff.actors import Actor
from staff.acts import allows
from staff.desk import DeskItem
from staff.supervision.alarms import AlarmLine, latest_unseen
from staff.supervision.opinion_rules import State
from staff.supervision.opinions import OpinionLine, unsettled_opinions
from staff.supervision.witnessing import StepSheet, Subject, witness_sheets

MOST = 5
"""Of each kind on the desk; the rest is on supervision's own pages."""


def desk_items(actor: Actor) -> tuple[DeskItem, ...]:
    """Return what waits for `actor`: alarms to look into, opinions to answer or to settle, steps to witness."""
    if not allows(actor, "supervision.see"):
        return ()
    return (*_alarm_items(actor), *_opinion_items(actor), *_witness_items(actor))


def _alarm_items(actor: Actor) -> Iterator[DeskItem]:
    if not allows(actor, "supervision.see_alarms"):
        return
    alarms = latest_unseen(MOST + 1)
    if not alarms:
        return
    number, address = _number(len(alarms)), url_for("supervision.alarms_page")
    if allows(actor, "supervision.acknowledge"):
        yield DeskItem("urgent", f"{number}告警等您确认", _latest(alarms[0]), "查看", address)
    else:
        yield DeskItem("due", f"{number}告警还没有确认", _latest(alarms[0]), "查看", address)


def _number(alarms: int) -> str:
    return f"{MOST}条以上" if alarms > MOST else f"{alarms}条"


def _latest(alarm: AlarmLine) -> str:
    return f"最新：{alarm.name}，{show_moment(alarm.last_at)}"


def _opinion_items(actor: Actor) -> Iterator[DeskItem]:
    answers, settles = allows(actor, "supervision.answer"), allows(actor, "supervision.settle")
    concerned = [line for line in unsettled_opinions() if _concerns(line, answers=answers, settles=settles)]
    for line in concerned[:MOST]:
        yield _opinion_item(line, answers=answers)
    if len(concerned) > MOST:
        more, address = f"另有{len(concerned) - MOST}条监督意见没有办结", url_for("supervision.opinions_page")
        yield DeskItem("urgent" if concerned[MOST].overdue else "due", more, "", "查看", address)


def _concerns(line: OpinionLine, *, answers: bool, settles: bool) -> bool:
    """Tell whether it waits for somebody's answer, word, or, once it is late, attention."""
    if answers:
        return line.unanswered
    return settles and (line.state is State.ANSWERED or line.overdue)


def _opinion_item(line: OpinionLine, *, answers: bool) -> DeskItem:
    about = f"“{line.title}”的" if line.title else ""
    address = url_for("supervision.opinion_page", key=line.key)
    if line.state is State.ANSWERED:
        return DeskItem("due", f"{about}监督意见已答复，等您了结", _changed(line), "核对", address)
    button = "答复" if answers else "查看"
    if line.overdue:
        return DeskItem("urgent", f"{about}监督意见超期没有答复", f"{_due(line)}到期", button, address)
    return DeskItem("due", f"{about}监督意见等待答复", f"{_due(line)}以前", button, address)


def _changed(line: OpinionLine) -> str:
    return f"{show_moment(line.changed_at)}答复"


def _due(line: OpinionLine) -> str:
    return show_day(line.due_on) if line.due_on else ""


def _witness_items(actor: Actor) -> Iterator[DeskItem]:
    if not allows(actor, "supervision.witness"):
        return
    waiting = [(sheet.subject, step) for sheet in witness_sheets() for step in sheet.waiting]
    for subject, step in waiting[:MOST]:
        yield _witness_item(subject, step)
    if len(waiting) > MOST:
        more = f"另有{len(waiting) - MOST}步等待见证"
        yield DeskItem("due", more, "", "查看", url_for("supervision.supervision_page"))


def _witness_item(subject: Subject, step: StepSheet) -> DeskItem:
    address = url_for("supervision.witness_page", kind=subject.kind, key=subject.key)
    when = show_moment(step.at) if step.at else ""
    return DeskItem("due", f"“{subject.title}”{step.words}等待见证", when, "去见证", address)
