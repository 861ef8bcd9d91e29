"""How long the staff room keeps what it has: files made, sessions, sign-in tries, those who left, the trail itself."""

from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import ColumnElement, CursorResult, delete, func, select
from sqlalchemy.orm import Session

from foundation.files import file_store
from foundation.transaction import after_commit
from staff.audit.models import AuditEntry
from staff.downloads import KEPT_FOR
from staff.models import Download, Member, RecoveryCode, SecondFactor, SignInTries, StaffSession
from staff.people.models import Invitation, PasswordLink
from staff.personal.holds import held_subjects
from staff.personal.retention import declare_kept, declare_retention
from staff.sessions import ABSOLUTE_LIMIT

LOGS_KEPT = timedelta(days=190)
"""Six months as the law counts them at their longest, and a few days."""

INVITATIONS_KEPT = timedelta(days=30)
TRAIL_KEPT = timedelta(days=3 * 365 + 1)
BACKUPS_KEPT = timedelta(days=35)
FORMER = "离岗人员 #"
NO_PASSWORD = "-"  # noqa: S105  # no hash looks like this, so nothing is right


def _count(session: Session, column: object, *conditions: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count(column)).where(*conditions)) or 0  # type: ignore[arg-type]  # a column


def _delete(session: Session, table: type, *conditions: ColumnElement[bool]) -> int:
    done = session.execute(delete(table).where(*conditions).execution_options(synchronize_session=False))
    assert isinstance(done, CursorResult)  # noqa: S101  # what a DELETE gives
    return done.rowcount


def _expired_downloads(session: Session, now: datetime) -> ColumnElement[bool]:
    held = held_subjects(session, "downloads.files")
    return (Download.state == "ready") & (Download.expires_at <= now) & Download.subject.not_in(held)


def _count_downloads(session: Session, now: datetime) -> int:
    return _count(session, Download.id, _expired_downloads(session, now))


def _expire_downloads(session: Session, now: datetime) -> int:
    """Let go of finished files; one whose content another download still offers stays on the disk."""
    ended = session.scalars(select(Download).where(_expired_downloads(session, now)).with_for_update()).all()
    digests = {download.digest for download in ended if download.digest}
    for download in ended:
        download.state, download.digest = "expired", None
    session.flush()
    still = set(session.scalars(select(Download.digest).where(Download.digest.in_(digests))))
    store = file_store()
    for digest in digests - still:
        after_commit(partial(store.remove_private, digest))
    return len(ended)


def _old_sessions(now: datetime) -> ColumnElement[bool]:
    before = now - LOGS_KEPT
    ended_by_itself = StaffSession.ended_at.is_(None) & (StaffSession.created_at <= before - ABSOLUTE_LIMIT)
    return (StaffSession.ended_at <= before) | ended_by_itself


def _old_tries(now: datetime) -> ColumnElement[bool]:
    return SignInTries.failed_at <= now - LOGS_KEPT


def _old_invitations(now: datetime) -> ColumnElement[bool]:
    """Those that were used or taken back, or whose link nobody used; one that still waits to be approved stays."""
    ended_at = func.coalesce(Invitation.accepted_at, Invitation.withdrawn_at, Invitation.expires_at)
    return ended_at <= now - INVITATIONS_KEPT


def _old_links(now: datetime) -> ColumnElement[bool]:
    return PasswordLink.expires_at <= now - INVITATIONS_KEPT


def _count_invitations(session: Session, now: datetime) -> int:
    return _count(session, Invitation.id, _old_invitations(now)) + _count(session, PasswordLink.id, _old_links(now))


def _delete_invitations(session: Session, now: datetime) -> int:
    return _delete(session, Invitation, _old_invitations(now)) + _delete(session, PasswordLink, _old_links(now))


def _gone_members(session: Session, now: datetime) -> ColumnElement[bool]:
    """Those who left long ago and still have a name or a number; who signs their acts stays in the trail."""
    held = held_subjects(session, "staff.former")
    known = Member.display_name.not_like(f"{FORMER}%") | Member.phone.is_not(None)
    return (Member.left_at <= now - LOGS_KEPT) & known & Member.name.not_in(held)


def _count_members(session: Session, now: datetime) -> int:
    return _count(session, Member.id, _gone_members(session, now))


def _pseudonymise_members(session: Session, now: datetime) -> int:
    """Take name, number and keys from those who left; their acts stay theirs under a number."""
    gone = session.scalars(select(Member).where(_gone_members(session, now)).with_for_update()).all()
    for member in gone:
        member.display_name, member.phone, member.password_hash = f"{FORMER}{member.id}", None, NO_PASSWORD
    ids = [member.id for member in gone]
    for keys in (SecondFactor, RecoveryCode):
        _delete(session, keys, keys.member_id.in_(ids))
    return len(gone)


def _count_trail(session: Session, now: datetime) -> int:
    return _count(session, AuditEntry.id, AuditEntry.at <= now - TRAIL_KEPT)


declare_retention(
    "downloads.files",
    "做好的下载文件",
    KEPT_FOR,
    _count_downloads,
    _expire_downloads,
    since="做好后",
    subjects="投票的网址（/polls/ 后面的一段）",
)
declare_retention(
    "staff.sessions",
    "工作人员的登录会话",
    LOGS_KEPT,
    lambda session, now: _count(session, StaffSession.id, _old_sessions(now)),
    lambda session, now: _delete(session, StaffSession, _old_sessions(now)),
    since="结束后",
)
declare_retention(
    "staff.tries",
    "登录失败的次数",
    LOGS_KEPT,
    lambda session, now: _count(session, SignInTries.key, _old_tries(now)),
    lambda session, now: _delete(session, SignInTries, _old_tries(now)),
    since="最后一次失败后",
)
declare_retention(
    "staff.invitations",
    "用过或过期的邀请、重设密码链接",
    INVITATIONS_KEPT,
    _count_invitations,
    _delete_invitations,
    since="用过或过期后",
)
declare_retention(
    "staff.former",
    "离岗人员的姓名和电话",
    LOGS_KEPT,
    _count_members,
    _pseudonymise_members,
    since="离岗后",
    subjects="用户名",
)
declare_retention("audit.trail", "操作记录（只提示，不删除）", TRAIL_KEPT, _count_trail, None, since="记入后")
declare_kept("backups", "备份文件（由服务器管理员清理）", BACKUPS_KEPT, since="备份后")
