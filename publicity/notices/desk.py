"""What notices ask of the staff today, as items for the desk."""

from collections.abc import Iterator

from sqlalchemy import Row, select

from foundation.transaction import transaction
from publicity.notices.acts import DRAFT, EDIT, ISSUE, REVIEW, SEE
from publicity.notices.kinds import KIND_NAMES, UNPUBLISHED, Kind, Phase, State
from publicity.notices.models import Notice, NoticeVersion
from publicity.notices.reading import NoticeHead, open_notices
from publicity.notices.sheet import may_do
from staff.actors import Actor
from staff.acts import allows
from staff.desk import DeskItem

_WAITS = {State.REVIEWING: (REVIEW, "审核"), State.SIGNING: (ISSUE, "签发")}


def desk_items(actor: Actor) -> tuple[DeskItem, ...]:
    """Return what waits for this very person, what can be concluded, and to all who may see notices what runs."""
    if not allows(actor, SEE):
        return ()
    with transaction() as session:
        under_way = (
            select(Notice.key, Notice.kind, NoticeVersion)
            .join(NoticeVersion, NoticeVersion.notice_id == Notice.id)
            .where(NoticeVersion.state.in_(UNPUBLISHED))
            .order_by(NoticeVersion.drafted_at, NoticeVersion.id)
        )
        waiting = [item for row in session.execute(under_way) for item in _waiting(row, actor)]
    return (*waiting, *(item for head in open_notices() for item in _open(head, actor)))


def _waiting(row: Row[str, str, NoticeVersion], actor: Actor) -> Iterator[DeskItem]:
    key, kind, version = row
    state, page = State(version.state), f"/console/notices/{key}"
    what = f"“{version.title}”" if version.title else KIND_NAMES[Kind(kind)]
    if state is State.DRAFT:
        if not allows(actor, EDIT):
            return
        if version.returned_because:
            yield DeskItem("urgent", f"{what}被退回", version.returned_because, "去修改", page)
        elif actor.member_id in version.editors:
            yield DeskItem("due", f"{what}还没有提交", "拟稿中", "继续", page)
    else:
        act, words = _WAITS[state]
        if act in may_do(version, actor):
            yield DeskItem("urgent", f"{what}等您{words}", KIND_NAMES[Kind(kind)], f"去{words}", page)


def _open(head: NoticeHead, actor: Actor) -> Iterator[DeskItem]:
    page = f"/console/notices/{head.key}"
    if head.phase is Phase.RUNNING and head.last_day is not None:
        detail = f"还剩{head.days_left}个工作日 · {head.last_day.month}月{head.last_day.day}日期满"
        yield DeskItem("running", f"“{head.title}”正在公示", detail, "查看", page)
    elif head.phase is Phase.OVER and allows(actor, DRAFT):
        yield DeskItem(
            "due", f"“{head.title}”公示期已满，可以结束", "结束后生成公示情况报告", "去结束", f"{page}/conclusion"
        )
