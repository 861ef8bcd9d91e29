"""What this room keeps about voters, candidates and uploads: how long, and what voters are told of their own."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import ColumnElement, delete, select, tuple_, update
from sqlalchemy.orm import Session, load_only
from sqlalchemy.sql.base import ExecutableOption

from foundation.clock import local_day, show_day
from foundation.files import file_store
from foundation.transaction import after_commit, transaction
from staff.personal.holds import not_held
from staff.personal.retention import Notice, Rows, declare_kept, declare_retention
from staff.personal.stored_files import declare_files_kept
from votes.models import Ballot, Candidate, CandidateImport, Poll
from votes.voters import voter_tag
from wechat.identity import Voter
from wechat.personal_data import Line, Part

KEYS_KEPT = timedelta(days=190)
"""As long as the trigger on polls demands, and no longer."""

UPLOADS_KEPT = timedelta(hours=24)
KEYS = "votes.voter_keys"
_ANYBODY = "所有人"


def votes_part(voter: Voter) -> Part:
    """Return in which polls somebody has voted, with the receipts, and never what they chose."""
    with transaction() as session:
        polls = list(session.scalars(select(Poll).where(Poll.state != "draft").options(_no_more_than_needed())))
        tags = {(poll.id, voter_tag(poll.voter_key, voter.openid)): poll for poll in polls if poll.voter_key}
        mine = tuple_(Ballot.poll_id, Ballot.voter_tag).in_(list(tags))
        query = select(Ballot.poll_id, Ballot.voter_tag, Ballot.code, Ballot.accepted_at).where(mine)
        rows = session.execute(query.order_by(Ballot.accepted_at.desc())).all() if tags else []
        lines = tuple(_line(tags[row[0], bytes(row[1])], row[2], row[3]) for row in rows)
    gone = sum(poll.voter_key is None for poll in polls)
    return Part("投过的票", lines, _note(gone))


def enquiry_phone() -> str:
    """Return the number to call with a question, as the latest poll names it; empty where none does."""
    query = select(Poll.enquiry_phone).where(Poll.state != "draft", Poll.enquiry_phone != "")
    with transaction() as session:
        return session.scalar(query.order_by(Poll.opens_at.desc(), Poll.id.desc()).limit(1)) or ""


def _no_more_than_needed() -> ExecutableOption:
    return load_only(Poll.id, Poll.slug, Poll.title, Poll.period, Poll.voter_key)


def _line(poll: Poll, code: str, accepted_at: datetime) -> Line:
    title = f"{poll.title}（{show_day(local_day(accepted_at))}）" if poll.period == "daily" else poll.title
    return Line(title, code, accepted_at, f"/receipts/{code}")


def _note(gone: int) -> str:
    told = "选了谁，这里不显示；只有投票的那部手机自己记着，可以在投票页的回执里删除。"
    if not gone:
        return told
    return f"{told}还有{gone}个投票结束已超过190天，微信号与选票的对应关系已经销毁，这里查不到，凭回执编号仍可查票。"


def _keys_due(now: datetime) -> ColumnElement[bool]:
    over = Poll.state.in_(("closed", "certified")) & (Poll.closed_at <= now - KEYS_KEPT)
    return over & Poll.voter_key.is_not(None) & not_held(Poll.slug, KEYS)


def _destroy_keys(session: Session, now: datetime) -> int:
    """Destroy the keys, after which no tag leads to an openid and none can be made; ballots and counts stay."""
    destroyed = session.execute(
        update(Poll)
        .where(_keys_due(now))
        .values(voter_key=None)
        .returning(Poll.id)
        .execution_options(synchronize_session=False)
    )
    return len(destroyed.all())


def _old_imports(now: datetime) -> ColumnElement[bool]:
    return CandidateImport.moved_at <= now - UPLOADS_KEPT


def _delete_imports(session: Session, now: datetime) -> int:
    gone = session.execute(
        delete(CandidateImport)
        .where(_old_imports(now))
        .returning(CandidateImport.upload, CandidateImport.findings)
        .execution_options(synchronize_session=False)
    ).all()
    store = file_store()
    for digest in {digest for row in gone for digest in row if digest}:
        after_commit(partial(store.remove_private, digest))
    return len(gone)


def _photos(session: Session) -> Iterable[str | None]:
    for photo, thumbnail in session.execute(select(Candidate.photo, Candidate.thumbnail)):
        yield from (photo, thumbnail)


def _uploads(session: Session) -> Iterable[str | None]:
    for upload, findings in session.execute(select(CandidateImport.upload, CandidateImport.findings)):
        yield from (upload, findings)


declare_files_kept("public", _photos)
declare_files_kept("private", _uploads)
declare_retention(
    "votes.imports",
    "导入候选对象的表格、照片包和导入结果",
    UPLOADS_KEPT,
    Rows({CandidateImport: _old_imports}),
    _delete_imports,
    since="最后一步后",
)
declare_retention(
    KEYS,
    "投票的密钥（把微信号和选票对上的唯一依据）",
    KEYS_KEPT,
    Rows({Poll: _keys_due}),
    _destroy_keys,
    since="投票结束后",
    subjects="投票的网址（/polls/ 后面的一段）",
    notice=Notice(
        "把您的微信号和选票对上的密钥（加密保存）",
        "保证每个微信号只投一次；您自己能查到回执",
        "没有人查看；到期销毁，以后谁也对不上",
    ),
)
declare_kept(
    "votes.ballots",
    "选票",
    None,
    notice=Notice(
        "选票：选了哪些编号、什么时间、回执编号；不带姓名、微信号、手机号",
        "计票和公开核对，投出后不能改、不能撤",
        "统计结果按规则公布；某张选票是谁投的，工作人员无处可查",
    ),
)
declare_kept(
    "votes.candidates",
    "候选对象的公开信息",
    None,
    since="投票页面公开期间",
    notice=Notice("候选对象的姓名、单位及职务、照片、事迹", "供大家了解和投票；公开前登记了本人同意", _ANYBODY),
)
