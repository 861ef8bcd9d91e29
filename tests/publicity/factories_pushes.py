"""Invented pushes, as they stand when the engine finds them: approved, of a notice that is published."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from foundation.ids import random_id
from foundation.queues import queue
from foundation.transaction import transaction
from publicity.notices.models import Notice, NoticeVersion
from publicity.pushes.models import Delivery, Push
from staff.models import Member
from tests.staff.factories_staff import make_staff
from wechat.followers import follower_digest
from wechat.models import Follower

CONTENTS: dict[str, dict[str, Any]] = {
    "template": {"template_id": "T", "fields": {"thing1": "示例公示"}, "path": "/notices/示例"},
    "once": {"title": "示例公示", "text": "示例单位公示了预备人选。", "path": "/notices/示例"},
    "customer": {"text": "示例单位公示了预备人选。", "path": "/notices/示例"},
    "mass": {"form": "text", "text": "示例单位公示了预备人选。"},
    "publication": {"form": "article", "title": "示例公示", "author": "", "digest": "", "cover": ""},
    "draft": {"form": "article", "title": "示例公示", "author": "", "digest": "", "cover": ""},
}


def make_push(
    channel: str = "template", *, state: str = "approved", notice_key: str | None = None, **changes: Any
) -> str:
    """Put a push into the table and return its key; without `notice_key` it is of a notice of its own.

    `changes` are columns of the push; `content` replaces what its channel says otherwise.
    """
    key = random_id()
    ended = func.clock_now() if state in ("finished", "cancelled", "failed") else None
    columns = {
        "key": key,
        "version_number": 1,
        "channel": channel,
        "audience": "all",
        "content": CONTENTS[channel],
        "state": state,
        "created_by": _somebody(),
        "ended_at": ended,
        "error": "示例原因" if state == "failed" else "",
        **changes,
    }
    with transaction() as session:
        notice = session.scalar(select(Notice.id).filter_by(key=notice_key)) if notice_key else make_published()
        session.add(Push(notice_id=notice, **columns))
    return key


def make_published(title: str = "示例公示") -> int:
    """Put a notice with its first version, published just now, into the tables and return its id."""
    member = _somebody()
    with transaction() as session:
        notice = Notice(key=random_id(), kind="plain", working_days=0, created_by=member)
        session.add(notice)
        session.flush()
        add_version(notice.id, 1, title)
        return notice.id


def add_version(notice: int, number: int, title: str = "示例公示") -> None:
    """Publish another version of a notice."""
    with transaction() as session:
        version = NoticeVersion(
            notice_id=notice,
            number=number,
            change="first" if number == 1 else "misprint",
            title=title,
            body="<p>示例正文。</p>",
            drafted_by=_somebody(),
            editors=[_somebody()],
        )
        session.add(version)
        session.flush()
        version.state, version.issued_by, version.published_at = "published", _somebody(), func.clock_now()


def make_followers(openids: list[str]) -> list[int]:
    """Put followers into the table, in this order, and return their ids."""
    rows = [
        {"digest": follower_digest(one), "openid": one.encode(), "follows": True, "changed_at": func.clock_now()}
        for one in openids
    ]
    with transaction() as session:
        return [session.scalars(insert(Follower).values(row).returning(Follower.id)).one() for row in rows]


def push_of(key: str) -> Push:
    """Return the row of a push as it stands now, apart from any transaction."""
    with transaction() as session:
        push = session.scalars(select(Push).filter_by(key=key).execution_options(populate_existing=True)).one()
        session.expunge(push)
        return push


def states_of(key: str) -> dict[str, int]:
    """Count the deliveries of a push by their state."""
    with transaction() as session:
        counted = select(Delivery.state, func.count()).join(Push, Push.id == Delivery.push_id).where(Push.key == key)
        return {row[0]: row[1] for row in session.execute(counted.group_by(Delivery.state))}


def _somebody() -> int:
    """Return a member of staff, made where there is none."""
    with transaction() as session:
        found = session.scalar(select(Member.id).filter_by(name="tuisong"))
    return found or make_staff("tuisong", "示例推送经办").id


def work() -> None:
    """Do what was rung for, and what that rings for, in this process."""
    while ids := queue().job_ids:
        job = queue().fetch_job(ids[0])
        assert job is not None
        queue().remove(job)
        job.func(*job.args)
