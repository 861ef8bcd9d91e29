"""What objections ask of the staff today, as items for the desk."""

from collections.abc import Iterator
from itertools import groupby

from flask import url_for

from publicity.objections.acts import ACCEPT, SEE
from publicity.objections.listing import UNSETTLED, ObjectionLine, open_lines
from publicity.objections.rules import State
from staff.actors import Actor
from staff.acts import allows
from staff.desk import DeskItem

MOST = 5
"""Of them on the desk; the rest is in the list."""


def desk_items(actor: Actor) -> tuple[DeskItem, ...]:
    """Return what waits to be accepted or is due soon, for those who handle it; to those who watch, what is late."""
    if not allows(actor, SEE):
        return ()
    handles = allows(actor, ACCEPT)
    waiting = [line for line in open_lines() if line.overdue or (handles and _presses(line))]
    groups = [list(group) for _, group in groupby(waiting, key=_alike)]
    items = [_item(group, handles=handles) for group in groups[:MOST]]
    return (*items, *_rest(groups[MOST:]))


def _presses(line: ObjectionLine) -> bool:
    deadline = line.deadline
    return line.state is State.RECEIVED or deadline is None or deadline.left is None or deadline.soon


def _alike(line: ObjectionLine) -> tuple[str, str, object, State]:
    return line.notice_key, line.subject_name, line.deadline, line.state


def _item(lines: list[ObjectionLine], *, handles: bool) -> DeskItem:
    line = lines[0]
    urgent = line.overdue or (line.deadline is not None and line.deadline.left in {0, 1})
    text = f"{len(lines)}件反映{_when(line)}（{line.subject_name}）"
    detail = line.state_words + (f" · {line.handler}" if line.handler else "")
    return DeskItem("urgent" if urgent else "due", text, detail, "办理" if handles else "查看", _page(lines))


def _when(line: ObjectionLine) -> str:
    left = line.deadline.left if line.deadline else None
    if left is None:
        return "等待办理"
    if left < 0:
        return f"已超期{-left}个工作日"
    return f"还有{left}个工作日到期" if left else "今天到期"


def _page(lines: list[ObjectionLine]) -> str:
    if len(lines) == 1:
        return url_for("objections_console.sheet_page", code=lines[0].code)
    return url_for(
        "objections_console.list_page", notice=lines[0].notice_key, state=UNSETTLED, words=lines[0].subject_name
    )


def _rest(groups: list[list[ObjectionLine]]) -> Iterator[DeskItem]:
    if groups:
        more = sum(len(group) for group in groups)
        page = url_for("objections_console.list_page", state=UNSETTLED)
        late = groups[0][0].overdue
        yield DeskItem("urgent" if late else "due", f"另有{more}件反映等待办理", "", "查看", page)
