"""What pushes put on the desk: what runs, what stands still, what went wrong."""

from datetime import timedelta

from flask import url_for

from foundation.clock import show_moment
from publicity.pushes.acts import CONTROL, SEE
from publicity.pushes.report import report_of
from publicity.pushes.sheets import PushLine, pushes_to_mind
from staff.actors import Actor
from staff.acts import allows
from staff.desk import DeskItem

LATELY = timedelta(days=2)


def desk_items(actor: Actor) -> tuple[DeskItem, ...]:
    """Return the pushes that run, for all who may see them, and what has to be looked after, for whoever may."""
    if not allows(actor, SEE):
        return ()
    lines = pushes_to_mind(LATELY)
    mine = allows(actor, CONTROL)
    return tuple(_item(line) for line in lines if line.moves or mine)


def _item(line: PushLine) -> DeskItem:
    page = url_for("pushes.push_page", key=line.key)
    title = f"推送“{line.title}”"
    if line.moves:
        return DeskItem("running", f"{title}正在发送", _so_far(line), "看进度", page)
    if line.state == "paused":
        return DeskItem("urgent" if line.error else "due", f"{title}停着", line.error or _so_far(line), "去处理", page)
    return DeskItem("urgent", f"{title}没有发成", f"{show_moment(line.ended_at)}，{line.error}", "看原因", page)


def _so_far(line: PushLine) -> str:
    report = report_of(line)
    return report.figures if report.percent is not None else line.channel_words
