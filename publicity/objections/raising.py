"""Raising an objection: by anybody while the notice runs, or by staff who enter what came by other ways."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from foundation.clock import database_now, local_day
from foundation.database import constraint_of
from foundation.errors import Conflict, InvalidInput, NotFound
from foundation.forms import check_each
from foundation.ids import random_id, short_code
from foundation.transaction import transaction
from foundation.uploads import drop_uploads, keep_upload
from publicity.notices.kinds import Phase
from publicity.notices.models import NoticeVersion
from publicity.notices.reading import NoticeHead, notice_head, published_subject
from publicity.objections.acts import DECLINE_BY_RULE, ENTER, RAISE
from publicity.objections.deadlines import due_after
from publicity.objections.entries import Entry, checks_of
from publicity.objections.files import look_into_files, look_into_seal
from publicity.objections.models import Objection, ObjectionAttachment, ObjectionStep
from publicity.objections.people import person_digest
from publicity.objections.rules import BY_STAFF, WITHOUT_LEAD, RaisedAs, State, Way, is_declined_by_rule
from publicity.objections.standing import lock_subject
from publicity.objections.wording import audited
from staff.actors import SYSTEM, Actor
from staff.audit import record
from staff.authority import demand

ANSWER_SHOWN = timedelta(hours=1)
"""For so long the answer is found under its form's key; whoever finds the phone later finds nothing."""

_SENT_TWICE = "one_objection_per_form_key"


@dataclass(frozen=True, slots=True)
class Heard:
    """That an objection is in, and what whoever raised it is told."""

    code: str
    state: State
    raised_as: RaisedAs
    subject_name: str
    due_on: date | None
    in_sight: bool
    """Whether its state is found again on the page, in WeChat by the same person."""

    @property
    def told(self) -> str:
        """Say when one will hear what came of it, or why one will not."""
        if self.state is State.DECLINED:
            return "匿名反映，又没有具体线索，已经登记，按规定不予受理。想起时间、地点、人员或凭证，可以再反映一次。"
        by = f"会在{self.due_on.month}月{self.due_on.day}日前办结" if self.due_on else "会在规定期限内办结"
        if self.raised_as is RaisedAs.ANONYMOUS:
            return f"受理单位{by}。匿名反映没有办法告诉您结果。"
        return f"受理单位{by}，需要核实时打您留的电话。" + (
            "办理到哪一步，可以点下面的“看办理情况”。" if self.in_sight else ""
        )


@dataclass(frozen=True, slots=True)
class _Arrival:
    """How an objection came: `on` is its day where that is not today, `actor` whoever of the staff entered it."""

    way: Way
    openid: str | None = None
    on: date | None = None
    actor: Actor | None = None


def raise_objection(notice_key: str, entry: Entry, *, openid: str | None) -> Heard:
    """Take what somebody raises on the notice's page; `openid` is whom WeChat named, None for a reader unknown.

    The same form is taken once and answered alike. Raises InvalidFields, NotFound, and Conflict where the notice does
    not run.
    """
    again = find_heard(entry.form)
    if again is not None:
        return again
    settled = entry.settled()
    check_each(*checks_of(settled))
    return _take(notice_key, settled, _Arrival(Way.WEB if openid is None else Way.WECHAT, openid))


def enter_objection(notice_key: str, entry: Entry, way: Way | None, arrived_on: date | None, actor: Actor) -> Heard:
    """Enter what came by letter, telephone or visit on a day of the period, until the notice is concluded.

    Raises InvalidFields, NotFound, NotAllowed, and Conflict once it is concluded.
    """
    demand(actor, ENTER)
    again = find_heard(entry.form)
    if again is not None:
        return again
    settled = entry.settled()
    came, day = _checked_arrival(settled, way, arrived_on)
    return _take(notice_key, settled, _Arrival(came, on=day, actor=actor))


def find_heard(form: str) -> Heard | None:
    """Return what was answered to this form, None where it is not in."""
    with transaction() as session:
        return _find(session, form)


def heard_just_now(form: str) -> Heard:
    """Return what was answered to this form within the last hour; raises NotFound."""
    recent = select(Objection.id).where(Objection.form_key == form)
    with transaction() as session:
        found = session.scalar(recent.where(Objection.received_at > database_now(session) - ANSWER_SHOWN))
        heard = _find(session, form) if found is not None else None
    if heard is None:
        raise NotFound("提交结果只显示一小时，现在已经不再显示。反映没有丢，编号请看您记下的。")
    return heard


def _checked_arrival(entry: Entry, way: Way | None, arrived_on: date | None) -> tuple[Way, date]:
    """Return how and when it came; raises InvalidFields with all that is wrong with it and with the entry."""

    def check_way() -> None:
        if way not in BY_STAFF:
            raise InvalidInput("请选择是怎样反映的。", field="way")

    def check_day() -> None:
        if arrived_on is None:
            raise InvalidInput("请填写收到的日期；信函填到达日邮戳的日期。", field="arrived_on")

    check_each(check_way, check_day, *checks_of(entry, lead_is_told=False))
    if way is None or arrived_on is None:
        raise ValueError("what is missing was told before")
    return way, arrived_on


def _take(notice_key: str, entry: Entry, arrival: _Arrival) -> Heard:
    kept = _keep(entry)
    try:
        heard, is_new = _add(notice_key, entry, arrival, kept)
    except IntegrityError as error:
        drop_uploads(file.digest for file in kept)
        again = find_heard(entry.form) if constraint_of(error) == _SENT_TWICE else None
        if again is None:
            raise
        return again
    except BaseException:
        drop_uploads(file.digest for file in kept)
        raise
    if not is_new:
        drop_uploads(file.digest for file in kept)
    return heard


def _add(notice_key: str, entry: Entry, arrival: _Arrival, files: list[ObjectionAttachment]) -> tuple[Heard, bool]:
    """Return the answer, and whether this is the first time; the subject is locked before its notice."""
    with transaction() as session:
        lock_subject(session, entry.subject_kind, entry.subject_key)
        again = _find(session, entry.form)
        if again is not None:
            return again, False
        head = notice_head(session, notice_key, lock=True)
        day = _day_that_counts(session, head, arrival)
        subject = published_subject(session, head, entry.subject_kind, entry.subject_key)
        objection = _new(entry, arrival, day)
        objection.notice_id, objection.version_number = head.id, head.version
        objection.subject_name, objection.subject_unit = subject.name, subject.unit
        objection.attachments.extend(files)
        session.add(objection)
        _first_steps(objection, arrival.actor, database_now(session))
        session.flush()
        _record(objection, arrival.actor)
        return _heard(objection), True


def _day_that_counts(session: Session, head: NoticeHead, arrival: _Arrival) -> date:
    """Return the day on which it counts as come; raises Conflict where nothing can come any more, or not this way."""
    if head.phase is Phase.DRAFT:
        raise NotFound("没有这项公示。")
    if head.phase is Phase.STANDING:
        raise Conflict("这是一则公告，没有公示名单，不收反映。")
    if head.phase is Phase.CONCLUDED:
        raise Conflict("这项公示已经办结，不再收反映。")
    today = local_day(database_now(session))
    if arrival.on is not None:
        _check_day(head, _public_since(session, head), arrival.on, today)
        return arrival.on
    if head.phase is not Phase.RUNNING:
        raise Conflict("公示期已经结束，网上不再收反映。信函以到达日邮戳为准，在公示期内的仍然有效。")
    return today


def _public_since(session: Session, head: NoticeHead) -> date:
    """Return the day on which the notice was first published: what came before its clock began anew counts too."""
    published = (NoticeVersion.notice_id == head.id) & (NoticeVersion.state == "published")
    moment = session.scalars(select(func.min(NoticeVersion.published_at)).where(published)).one()
    return local_day(moment or database_now(session))


def _check_day(head: NoticeHead, first: date, day: date, today: date) -> None:
    last = min(head.last_day or today, today)
    if not first <= day <= last:
        raise InvalidInput(
            f"收到的日期要在公示发布以后、公示期内（{first:%Y-%m-%d}到{last:%Y-%m-%d}），过期的不能登记。",
            field="arrived_on",
        )


def _new(entry: Entry, arrival: _Arrival, day: date) -> Objection:
    raised_as = entry.raised_as or RaisedAs.ANONYMOUS
    by_rule = is_declined_by_rule(raised_as, has_lead=entry.has_lead)
    named = arrival.openid is not None and raised_as is not RaisedAs.ANONYMOUS
    return Objection(
        code=short_code(),
        form_key=entry.form,
        subject_kind=entry.subject_kind,
        subject_key=entry.subject_key,
        way=arrival.way,
        raised_as=raised_as,
        state=State.DECLINED if by_rule else State.RECEIVED,
        text=entry.text.encode(),
        has_lead=entry.has_lead,
        lead=entry.lead.encode() or None,
        reporter_name=entry.name.encode() or None,
        reporter_unit=entry.unit.encode() or None,
        reporter_phone=entry.phone.encode() or None,
        person=person_digest(arrival.openid) if named and arrival.openid else None,
        arrived_on=day,
        due_on=due_after(day),
        summary="",
    )


def _first_steps(objection: Objection, actor: Actor | None, now: datetime) -> None:
    """Note that it came, and where a rule declines it at once, that too."""
    by_whom = actor.member_id if actor else None
    objection.received_at = now
    objection.steps.append(ObjectionStep(number=1, state=State.RECEIVED, note=b"", member_id=by_whom, at=now))
    if objection.state == State.DECLINED:
        objection.settled_at = now
        objection.steps.append(ObjectionStep(number=2, state=State.DECLINED, note=WITHOUT_LEAD.encode(), at=now))


def _keep(entry: Entry) -> list[ObjectionAttachment]:
    """Keep the files encrypted, before anything is locked, and return what will name them."""
    documents = [(document, False) for document in look_into_files(entry.files)]
    documents += [(document, True) for document in look_into_seal(entry.seal)]
    return [
        ObjectionAttachment(
            key=random_id(),
            is_seal=is_seal,
            filename=document.filename.encode(),
            media_type=document.media_type,
            size=len(document.content),
            digest=keep_upload(document.content),
        )
        for document, is_seal in documents
    ]


def _record(objection: Objection, actor: Actor | None) -> None:
    """Leave the lines in the trail; what anybody raises has no address and no name in it."""
    fields = ["text"]
    fields += ["reporter"] if objection.raised_as != RaisedAs.ANONYMOUS else []
    fields += ["attachments"] if objection.attachments else []
    record(ENTER if actor else RAISE, audited(objection.code), actor or SYSTEM, fields=fields)
    if objection.state == State.DECLINED:
        record(DECLINE_BY_RULE, audited(objection.code), SYSTEM, fields=("state",))


def _find(session: Session, form: str) -> Heard | None:
    found = session.scalars(select(Objection).where(Objection.form_key == form)).one_or_none()
    return None if found is None else _heard(found)


def _heard(objection: Objection) -> Heard:
    return Heard(
        objection.code,
        State(objection.state),
        RaisedAs(objection.raised_as),
        objection.subject_name,
        objection.due_on,
        objection.person is not None,
    )
