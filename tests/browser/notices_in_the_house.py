"""The rooms of notices, objections and pushes in the furnished house, each page with something to show."""

from sqlalchemy import select

from app.demo.notices import load_notices
from app.demo.office import Office
from foundation.clock import database_now
from foundation.transaction import transaction
from foundation.uploads import Upload
from publicity.notices.amending import begin_change
from publicity.notices.drafting import attach, draft_notice
from publicity.notices.kinds import Change, Kind
from publicity.notices.media import MediumEntry, note_medium
from publicity.notices.models import NoticeAttachment, NoticeMedium
from publicity.notices.signing import submit
from publicity.objections.models import Objection, ObjectionAttachment
from publicity.pushes.channels import Channel
from publicity.pushes.composing import PushEntry, create_push
from publicity.pushes.models import Push
from tests.publicity.factories_notices import change_notice, entry_for, head_of, make_notice, revision_of
from tests.publicity.factories_objections import make_objection, picture


def furnish_notices(office: Office, open_slug: str, past_slug: str) -> dict[str, str]:
    """Publish, change, object and push, and name what stands in addresses."""
    with transaction() as session:
        now = database_now(session)
    shown = load_notices(office, open_slug, past_slug, now)
    empty = draft_notice(entry_for(Kind.FINAL, subjects=()), office.clerk)
    waiting = draft_notice(entry_for(Kind.CANDIDATES), office.clerk)
    attach(waiting, revision_of(waiting), Upload("示例.png", picture()), office.clerk)
    submit(waiting, revision_of(waiting), office.clerk)
    scan = Upload("示例版面.png", picture())
    note_medium(shown.over, MediumEntry("示例晚报", now.date(), "", scan), office.clerk)
    make_objection(head_of(shown.running), text="示例反映。", files=(Upload("示例.png", picture()),))
    named = {
        "notice_empty": empty,
        "notice_waiting": waiting,
        "notice_changed": _changed(office),
        "notice_running": shown.running,
        "notice_over": shown.over,
        "notice_plain": shown.plain,
        "notice_signing": shown.waiting,
        "push_draft": create_push(shown.plain, PushEntry(Channel.MASS), office.clerk),
    }
    return {**named, **_found()}


def _changed(office: Office) -> str:
    """A list that was put right once, and is about to be put right again."""
    key = make_notice(title="关于示例名单的公示").key
    change_notice(key, Change.MISPRINT, title="关于示例名单的公示（更正）")
    begin_change(key, Change.MISPRINT, "示例：又一个错字", office.clerk)
    return key


def _found() -> dict[str, str]:
    """Name what others made: files, objections by their state, the push that is over."""
    with transaction() as session:
        states = session.execute(select(Objection.state, Objection.code))
        objections = {f"objection_{state}": code for state, code in states}
        attached = ObjectionAttachment.objection_id == Objection.id
        file = session.execute(
            select(Objection.code, ObjectionAttachment.key).join(ObjectionAttachment, attached)
        ).one()
        return {
            **objections,
            "objection_with_file": file.code,
            "objection_file": file.key,
            "notice_file": session.scalars(select(NoticeAttachment.key)).one(),
            "notice_scan": session.scalars(select(NoticeMedium.key).where(NoticeMedium.digest.is_not(None))).one(),
            "push_finished": session.scalars(select(Push.key).where(Push.state == "finished")).one(),
        }
