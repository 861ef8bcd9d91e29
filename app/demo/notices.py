"""The demo's notices: one runs and is objected to, one is over, two are announcements, one waits to be issued."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select

from app.demo.office import READY_SLUG, UNIT, Office
from app.demo.people import demo_awards
from app.offering import offered_by_poll
from foundation.clock import database_now, local_day
from foundation.ids import random_id
from foundation.transaction import transaction
from foundation.working_days import UnknownYear
from publicity.conclusion.concluding import conclude_notice
from publicity.notices.drafting import NoticeEntry, draft_notice, new_entry
from publicity.notices.kinds import Kind, State
from publicity.notices.media import MediumEntry, note_medium
from publicity.notices.models import Notice, NoticeVersion
from publicity.notices.options import ADDRESS, HOURS, ISSUER, OFFICE, PHONE
from publicity.notices.period import Period, period_of
from publicity.notices.signing import issue, review, submit
from publicity.notices.subjects import Subject, new_subject
from publicity.objections.entries import Entry
from publicity.objections.handling import accept, examine, resolve
from publicity.objections.raising import enter_objection, raise_objection
from publicity.objections.rules import RaisedAs, Way
from publicity.objections.rules import State as Result
from publicity.pushes.channels import Audience, Channel
from publicity.pushes.models import Push, PushCount
from staff.options.calendar import calendar_overrides
from staff.options.kinds import VALUE
from staff.options.setting import set_option

PLACES = 8
"""How many of the past poll's candidates stand on the list that is public."""

_COUNTY = "示例一县"
"""Where those are from whom the unit of the demo's staff nominated."""

_AGO = timedelta(days=21)
_DELIVERED = {("delivered", 0): 1_184, ("refused", 43101): 37, ("unfollowed", 43004): 12, ("unknown", 0): 2}
"""How a push ended, by state and the platform's code: all that is kept of one that is long over."""

_SETTINGS = (
    (ISSUER, "示例市委组织部"),
    (OFFICE, "示例市委组织部示例科"),
    (HOURS, "公示期内工作日8:30至12:00，14:30至17:30"),
    (PHONE, "0000-12380"),
    (ADDRESS, "示例市示例大道1号（邮编000000）"),
)


@dataclass(frozen=True, slots=True)
class DemoNotices:
    """The keys of the notices by what they show; `running` is also where objections were raised."""

    running: str
    over: str
    opening: str
    plain: str
    waiting: str


def load_notices(office: Office, open_slug: str, past_slug: str, now: datetime) -> DemoNotices:
    """Draft, issue and conclude what the demo shows; polls must be there, and a request must be running.

    Without a notice of the year's holidays no period can be told: then what has one stays a draft.
    """
    for option, value in _SETTINGS:
        set_option(option.name, ({VALUE: value},), office.administrator, based_on=0, reason="说明这是演示")
    over = _load_what_is_over(office, now)
    return DemoNotices(
        running=_load_running(office, past_slug),
        over=over,
        opening=_publish(office, NoticeEntry(Kind.OPENING, lines=offered_by_poll(open_slug).lines)),
        plain=_publish(office, _plain()),
        waiting=_hand_in(office, _entry(Kind.CANDIDATES, offered_by_poll(READY_SLUG).subjects)),
    )


def _load_running(office: Office, past_slug: str) -> str:
    """The list that is public since today: one objection is in hand, another waits for somebody to take it."""
    listed = offered_by_poll(past_slug).subjects[:PLACES]
    key = _hand_in(office, _entry(Kind.FINAL, listed))
    with suppress(UnknownYear):
        issue(key, _revision(key), office.leader)
        _object(office, key, listed)
    return key


def _object(office: Office, key: str, listed: tuple[Subject, ...]) -> None:
    first, *_, last = listed
    by_telephone = _objection(first, "来电反映，材料里写的服务时间比实际的长，请核对。")
    with transaction() as session:
        today = local_day(database_now(session))
    heard = enter_objection(key, by_telephone, Way.TELEPHONE, today, office.clerk)
    accept(heard.code, "已与本人通话，请示例区核对服务记录。", office.clerk, seen=1)
    raise_objection(key, _objection(last, "我和他同住一个小区，他参加的活动和事迹里写的对不上。"), openid=None)


def _load_what_is_over(office: Office, now: datetime) -> str:
    """The unit's notice that ran some weeks ago: a letter came, was examined and settled, and then it was concluded."""
    subjects = _of_the_unit()
    title = f"{UNIT}“十佳百优”先进典型初步推荐对象公示"
    key = _hand_in(office, replace(_entry(Kind.UNIT, subjects), title=title))
    with suppress(UnknownYear):
        published = (now - _AGO).replace(hour=1, minute=0, second=0, microsecond=0)
        period = _write_history(office, key, published)
        _write_push(office, key, published + timedelta(hours=1))
        note_medium(key, MediumEntry("示例日报", period.first, "https://news.example.invalid/gongshi"), office.clerk)
        note_medium(key, MediumEntry("示例一县政府网站", period.first, "https://xian.example.invalid/1"), office.clerk)
        letter = _objection(subjects[0], "来信反映，请核对曾受表彰情况里的年份。")
        heard = enter_objection(key, letter, Way.LETTER, period.first, office.clerk)
        accept(heard.code, "转示例一县组织部门核对。", office.clerk, seen=1)
        examine(heard.code, "调阅表彰文件，年份无误。", office.clerk, seen=2)
        _settle(office, heard.code)
        conclude_notice(key, "", office.clerk)
    return key


def _settle(office: Office, code: str) -> None:
    summary = "反映的是曾受表彰情况中的年份。经调阅表彰文件，年份无误，反映的问题不属实。"
    resolve(code, Result.UNFOUNDED, "已按来信地址回复。", summary, office.clerk, seen=3)


def _write_history(office: Office, key: str, published: datetime) -> Period:
    """Publish as of a time that has passed; nothing else can, so the demo writes this piece of history itself."""
    with transaction() as session:
        notice = session.scalars(select(Notice).where(Notice.key == key)).one()
        period = period_of(local_day(published), notice.working_days, calendar_overrides())
        (version,) = notice.versions
        version.first_day, version.last_day = period.first, period.last
        version.issued_by, version.published_at, version.state = office.leader.member_id, published, State.PUBLISHED
    return period


def _write_push(office: Office, key: str, begun: datetime) -> None:
    """Write down a push that was over before anybody looked; what it sent, nobody can send again."""
    words = {"thing1": "初步推荐对象公示", "thing2": UNIT, "date3": f"{local_day(begun):%Y年%m月%d日}"}
    with transaction() as session:
        push = Push(
            key=random_id(),
            notice_id=session.scalars(select(Notice.id).where(Notice.key == key)).one(),
            version_number=1,
            channel=Channel.TEMPLATE,
            audience=Audience.ALL,
            content={"template_id": "demo", "fields": words, "path": f"/notices/{key}"},
            state="finished",
            created_by=office.clerk.member_id,
            approved_by=office.leader.member_id,
            approved_at=begun,
            total=sum(_DELIVERED.values()),
            begun_at=begun,
            ended_at=begun + timedelta(minutes=3),
        )
        session.add(push)
        session.flush()
        session.add_all(
            PushCount(push_id=push.id, state=state, errcode=code, count=count)
            for (state, code), count in _DELIVERED.items()
        )


def _plain() -> NoticeEntry:
    body = (
        "<p>网上评议期间，咨询电话0000-0000000的接听时间为每天8:30至18:00，休息日照常接听。</p>"
        "<p>本站是演示，电话和单位都是虚构的。</p>"
    )
    return NoticeEntry(Kind.PLAIN, "关于网上评议期间咨询电话接听时间的公告", body)


def _entry(kind: Kind, subjects: tuple[Subject, ...]) -> NoticeEntry:
    blank = new_entry(kind)
    return NoticeEntry(kind, subjects=subjects, working_days=blank.working_days, office=blank.office)


def _of_the_unit() -> tuple[Subject, ...]:
    return tuple(
        new_subject(candidate.name, candidate.post, heading=award.name, unit=UNIT)
        for award in demo_awards()
        for candidate in award.candidates
        if candidate.unit == _COUNTY
    )


def _publish(office: Office, entry: NoticeEntry) -> str:
    key = _hand_in(office, entry)
    issue(key, _revision(key), office.leader)
    return key


def _hand_in(office: Office, entry: NoticeEntry) -> str:
    """Draft and examine; what comes next is that the leader issues it."""
    key = draft_notice(entry, office.clerk)
    submit(key, _revision(key), office.clerk)
    review(key, _revision(key), office.chief)
    return key


def _revision(key: str) -> int:
    query = select(NoticeVersion.revision).join(Notice, Notice.id == NoticeVersion.notice_id).where(Notice.key == key)
    with transaction() as session:
        return session.scalars(query.order_by(NoticeVersion.number.desc()).limit(1)).one()


def _objection(subject: Subject, text: str) -> Entry:
    return Entry(
        form=random_id(),
        subject_kind=subject.kind,
        subject_key=subject.key,
        raised_as=RaisedAs.PERSON,
        text=text,
        name="示例某",
        phone="0000-0000000",
    )
