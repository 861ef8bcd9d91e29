"""How long the staff room keeps what it has: files made, sessions, sign-in tries, those who left, the trail itself."""

from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from foundation.files import file_store
from foundation.transaction import after_commit
from staff.audit.models import AuditEntry
from staff.downloads import KEPT_FOR
from staff.models import Download, Member, RecoveryCode, SecondFactor, SignInTries, StaffSession
from staff.people.models import Invitation, PasswordLink
from staff.personal.holds import not_held
from staff.personal.retention import Rows, declare_expiring, declare_kept, declare_retention, delete_rows
from staff.sessions import ABSOLUTE_LIMIT

LOGS_KEPT = timedelta(days=190)
"""Six months as the law counts them at their longest, and a few days."""

INVITATIONS_KEPT = timedelta(days=30)
TRAIL_KEPT = timedelta(days=3 * 365 + 1)
BACKUPS_KEPT = timedelta(days=35)
FORMER = "离岗人员 #"
DOWNLOADS, FORMER_MEMBERS = "downloads.files", "staff.former"
NO_PASSWORD = "-"  # noqa: S105  # no hash looks like this, so nothing is right


def _expired_downloads(now: datetime) -> ColumnElement[bool]:
    expired = (Download.state == "ready") & (Download.expires_at <= now)
    return expired & not_held(Download.subject, DOWNLOADS)


def _expire_downloads(session: Session, now: datetime) -> int:
    """Let go of finished files; one whose content another download still offers stays on the disk."""
    ended = session.scalars(select(Download).where(_expired_downloads(now)).with_for_update()).all()
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


def _old_invitations(now: datetime) -> ColumnElement[bool]:
    """Those that were used or taken back, or whose link nobody used; one that still waits to be approved stays."""
    ended_at = func.coalesce(Invitation.accepted_at, Invitation.withdrawn_at, Invitation.expires_at)
    return ended_at <= now - INVITATIONS_KEPT


def _old_links(now: datetime) -> ColumnElement[bool]:
    return PasswordLink.expires_at <= now - INVITATIONS_KEPT


def _gone_members(now: datetime) -> ColumnElement[bool]:
    """Those who left long ago and still have a name or a number; who signs their acts stays in the trail."""
    known = Member.display_name.not_like(f"{FORMER}%") | Member.phone.is_not(None)
    return (Member.left_at <= now - LOGS_KEPT) & known & not_held(Member.name, FORMER_MEMBERS)


def _pseudonymise_members(session: Session, now: datetime) -> int:
    """Take name, number and keys from those who left; their acts stay theirs under a number."""
    gone = session.scalars(select(Member).where(_gone_members(now)).with_for_update()).all()
    for member in gone:
        member.display_name, member.phone, member.password_hash = f"{FORMER}{member.id}", None, NO_PASSWORD
    ids = [member.id for member in gone]
    for keys in (SecondFactor, RecoveryCode):
        delete_rows(session, keys, keys.member_id.in_(ids))
    return len(gone)


def _old_trail(now: datetime) -> ColumnElement[bool]:
    return AuditEntry.at <= now - TRAIL_KEPT


_SESSIONS = Rows({StaffSession: _old_sessions})
_INVITATIONS = Rows({Invitation: _old_invitations, PasswordLink: _old_links})

declare_retention(
    DOWNLOADS,
    "做好的下载文件",
    KEPT_FOR,
    Rows({Download: _expired_downloads}),
    _expire_downloads,
    since="做好后",
    subjects="投票的网址（/polls/ 后面的一段）",
)
declare_retention("staff.sessions", "工作人员的登录会话", LOGS_KEPT, _SESSIONS, _SESSIONS.delete, since="结束后")
declare_expiring("staff.tries", "登录失败的次数", LOGS_KEPT, SignInTries.failed_at, since="最后一次失败后")
declare_retention(
    "staff.invitations",
    "用过或过期的邀请、重设密码链接",
    INVITATIONS_KEPT,
    _INVITATIONS,
    _INVITATIONS.delete,
    since="用过或过期后",
)
declare_retention(
    FORMER_MEMBERS,
    "离岗人员的姓名和电话",
    LOGS_KEPT,
    Rows({Member: _gone_members}),
    _pseudonymise_members,
    since="离岗后",
    subjects="用户名",
)
declare_retention(
    "audit.trail", "操作记录（只提示，不删除）", TRAIL_KEPT, Rows({AuditEntry: _old_trail}), None, since="记入后"
)
declare_kept("backups", "备份文件（由服务器管理员清理）", BACKUPS_KEPT, since="备份后")
