"""What this part keeps about whoever raises an objection: how long, what they are told of it, and forgetting them."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session

from foundation.database import rows_changed
from foundation.transaction import after_commit
from foundation.uploads import drop_uploads
from publicity.notices.models import Notice
from publicity.objections.models import Objection, ObjectionAttachment, ObjectionStep
from publicity.objections.own import own_objections
from publicity.objections.people import person_digest
from staff.personal.holds import not_held
from staff.personal.retention import Notice as ToldPublic
from staff.personal.retention import Rows, declare_retention
from staff.personal.stored_files import declare_files_kept
from wechat.identity import Voter
from wechat.personal_data import Line, Part

REPORTERS_KEPT = timedelta(days=190)
TEXTS_KEPT = timedelta(days=3 * 365)
REPORTERS, TEXTS = "objections.reporters", "objections.texts"
_SUBJECTS = "反映件编号"
_HANDLERS = "只有办理反映的工作人员；看完整姓名、电话要写明用途并留下记录。推荐单位和被反映人看不到"


def objections_part(voter: Voter) -> Part:
    """Return what somebody raised under their name in WeChat, and how far it is."""
    lines = tuple(
        Line(
            f"“{own.notice_title}”，反映{own.subject_name}",
            f"{own.code} {own.told}",
            own.received_at,
            _path(own.notice_key),
        )
        for own in own_objections(voter.openid)
    )
    note = "反映的内容、姓名和电话加密保存，这里不显示。匿名反映不记微信号，不在这里。" if lines else ""
    return Part("对公示反映的情况", lines, note)


def forget_reporter(session: Session, openid: str) -> None:
    """Take the link to somebody's WeChat account from what they raised; the objections stay and are handled."""
    theirs = update(Objection).where(Objection.person == person_digest(openid))
    session.execute(theirs.values(person=None).execution_options(synchronize_session=False))


def _path(notice_key: str) -> str:
    return f"/notices/{notice_key}/objections"


def _reporters_due(now: datetime) -> ColumnElement[bool]:
    """Those whose objection is settled and whose notice was concluded long ago; at the latest they go with the text."""
    known = or_(
        *(column.is_not(None) for column in (Objection.reporter_name, Objection.reporter_unit)),
        *(column.is_not(None) for column in (Objection.reporter_phone, Objection.person)),
        Objection.id.in_(select(ObjectionAttachment.objection_id).where(ObjectionAttachment.is_seal)),
    )
    before = now - REPORTERS_KEPT
    concluded = select(Notice.id).where(Notice.concluded_at <= before).scalar_subquery()
    over = or_(
        and_(Objection.settled_at <= before, Objection.notice_id.in_(concluded)),
        Objection.settled_at <= now - TEXTS_KEPT,
    )
    return known & over & not_held(Objection.code, REPORTERS)


def _erase_reporters(session: Session, now: datetime) -> int:
    """Erase who raised it, and the scan whose seal says so."""
    ids = list(session.scalars(select(Objection.id).where(_reporters_due(now)).with_for_update()))
    _delete_files(session, ObjectionAttachment.objection_id.in_(ids) & ObjectionAttachment.is_seal)
    nobody = {"reporter_name": None, "reporter_unit": None, "reporter_phone": None, "person": None}
    erased = update(Objection).where(Objection.id.in_(ids)).values(nobody)
    return rows_changed(session.execute(erased.execution_options(synchronize_session=False)))


def _delete_files(session: Session, which: ColumnElement[bool]) -> None:
    digests = []
    for file in session.scalars(select(ObjectionAttachment).where(which)):
        digests.append(file.digest)
        session.delete(file)
    session.flush()
    after_commit(lambda: drop_uploads(digests))


def _texts_due(now: datetime) -> ColumnElement[bool]:
    return Objection.text.is_not(None) & (Objection.settled_at <= now - TEXTS_KEPT) & not_held(Objection.code, TEXTS)


def _erase_texts(session: Session, now: datetime) -> int:
    """Erase text, notes, summary and files; that there was an objection, to whom, and its result stay."""
    ids = list(session.scalars(select(Objection.id).where(_texts_due(now)).with_for_update()))
    _delete_files(session, ObjectionAttachment.objection_id.in_(ids))
    plain = {"synchronize_session": False}
    notes = update(ObjectionStep).where(ObjectionStep.objection_id.in_(ids)).values(note=None)
    session.execute(notes.execution_options(**plain))
    texts = update(Objection).where(Objection.id.in_(ids)).values(text=None, lead=None, summary="")
    return rows_changed(session.execute(texts.execution_options(**plain)))


def _files(session: Session) -> Iterable[str | None]:
    return session.scalars(select(ObjectionAttachment.digest))


declare_files_kept("private", _files)
declare_retention(
    REPORTERS,
    "反映人的姓名、单位、电话和微信编码",
    REPORTERS_KEPT,
    Rows({Objection: _reporters_due}),
    _erase_reporters,
    since="公示办结、反映件办完后",
    subjects=_SUBJECTS,
    notice=ToldPublic(
        "对公示反映情况时填写的姓名、单位、电话，单位盖章的扫描件（加密保存）；在微信里实名反映的，还有一个认不出人的编码",
        "核实情况；您可以看到办理到哪一步。匿名反映的一项也不留",
        _HANDLERS,
    ),
)
declare_retention(
    TEXTS,
    "反映的内容、材料和办理说明",
    TEXTS_KEPT,
    Rows({Objection: _texts_due}),
    _erase_texts,
    since="反映件办完后",
    subjects=_SUBJECTS,
    notice=ToldPublic(
        "反映的情况、附加的材料、办理过程的说明（加密保存）",
        "核查和认定；有疑问时可以复查",
        "只有办理反映的工作人员；推荐单位只看到不写是谁反映的书面说明",
    ),
)
