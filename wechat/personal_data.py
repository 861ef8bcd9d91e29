"""What this room keeps about people in WeChat: how long, what it tells them about it, and forgetting them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from werkzeug.wrappers import Response

from foundation.transaction import transaction
from staff.actors import SYSTEM
from staff.acts import declare_act
from staff.audit import record
from staff.personal.retention import Notice, declare_expiring, declare_kept
from wechat.account import current_account
from wechat.farewells import note_farewell
from wechat.followers import follower_digest
from wechat.forgetting import forget_person
from wechat.identity import COOKIE, MAX_AGE_SECONDS, Voter
from wechat.inbox import REMEMBERED
from wechat.links import LINKS_KEPT
from wechat.models import AnsweredPush, Follower, LatePush, LoginAttempt, PersonalLink, VoterFarewell
from wechat.oauth import ATTEMPT_LASTS

LEFT_KEPT = timedelta(days=30)
COOKIE_LASTS = timedelta(seconds=MAX_AGE_SECONDS)
LEAVE = "voters.leave"
_NOBODY = "没有人查看；工作人员也看不到微信号"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is kept about somebody: what it is called, what it says, and where it leads."""

    words: str
    value: str
    at: datetime | None = None
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """What one room keeps about somebody, for their own eyes; `note` says what has to be known about it."""

    title: str
    lines: tuple[Line, ...]
    note: str = ""


def account_part(voter: Voter) -> Part:
    """Return what is kept about a reader as somebody in WeChat: whether they follow, and how long they stay known."""
    with transaction() as session:
        digest = follower_digest(voter.openid)
        row = session.execute(select(Follower.follows, Follower.changed_at).filter_by(digest=digest)).one_or_none()
    follows = row is not None and row[0]
    return Part(
        "微信",
        (
            Line("关注公众号", "已关注" if follows else "没有记录", row[1] if row is not None and follows else None),
            Line("登录", f"这部手机上记着，最长{COOKIE_LASTS.days}天"),
        ),
    )


def forget_voter(openid: str) -> None:
    """Delete what is kept about somebody at their wish, and make every copy of their cookie void; at once, for good.

    Ballots hold no openid and stay. Traces of signing in name nobody, and go by themselves within a day; so does the
    line in the trail name nobody, and it stays.
    """
    with transaction() as session:
        session.execute(delete(Follower).filter_by(digest=follower_digest(openid)))
        forget_person(session, openid)
        note_farewell(session, openid)
        record(LEAVE, "一名微信用户", SYSTEM, fields=("follower", "cookie"))


def sign_out_voter(response: Response) -> None:
    """Have the browser forget who it is."""
    account = current_account()
    for name in (COOKIE, "login"):
        response.delete_cookie(
            account.cookie_prefix + name, secure=account.settings.secure, httponly=True, samesite="Lax"
        )


declare_act(LEAVE, "退出并删除个人信息", roles=())
declare_expiring(
    "wechat.attempts",
    "没有走完的微信登录",
    2 * ATTEMPT_LASTS,
    LoginAttempt.started_at,
    since="开始后",
    notice=Notice("登录过程的临时记录，不带身份", "把您带回登录前的页面", "没有人查看"),
)
declare_expiring(
    "wechat.links",
    "公众号里要的专用链接",
    LINKS_KEPT,
    PersonalLink.made_at,
    since="发出后",
    notice=Notice("您要过的专用链接是给谁的（加密保存）；链接本身不留", "认出打开链接的是您本人", "没有人查看"),
)
declare_expiring(
    "wechat.pushes",
    "对公众号消息的回复",
    REMEMBERED,
    AnsweredPush.received_at,
    since="收到后",
    notice=Notice("对您消息的回复（加密保存）；消息本身不留", "微信重发同一条消息时，给出同样的回复", "没有人查看"),
)
declare_expiring(
    "wechat.late_pushes",
    "来不及当场办理的公众号消息",
    REMEMBERED,
    LatePush.received_at,
    since="收到后，办完即删除，最迟",
    notice=Notice("您发来、系统来不及当场办理的消息（加密保存）", "稍后办完，并在对话里答复您", "没有人查看"),
)
declare_expiring(
    "wechat.followers",
    "取消关注的人",
    LEFT_KEPT,
    Follower.changed_at,
    Follower.follows.is_(False),
    since="取消关注后",
    notice=Notice("取消关注以后，只留一个认不出人的编码", "迟到的旧消息不会把您又记成关注", "没有人查看"),
)
declare_expiring(
    "wechat.farewells",
    "退出并删除的人",
    COOKIE_LASTS + timedelta(days=1),
    VoterFarewell.left_at,
    since="退出后",
    notice=Notice("退出并删除以后，只留一个认不出人的编码", "您以前的登录即使被人复制，也不能再用", "没有人查看"),
)
declare_kept(
    "wechat.following",
    "关注公众号的人",
    None,
    since="关注期间，取消关注即删除",
    notice=Notice(
        "您的微信号在本公众号里的代号（openid，加密保存），是否关注",
        "有的投票只收关注者的选票，要核对",
        _NOBODY,
    ),
)
declare_kept(
    "wechat.cookie",
    "手机上的登录",
    COOKIE_LASTS,
    since="登录后",
    notice=Notice(
        "手机浏览器里的登录凭证（加密的 Cookie）",
        "认出是不是同一个微信号，每个微信号一票",
        "只有您的手机有，服务器不另存",
    ),
)
