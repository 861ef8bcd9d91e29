"""By which ways this account can tell a notice now, what stands against each, and whom each would reach."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import ColumnElement, select

from foundation.clock import database_now, local
from foundation.errors import AppError, Conflict, InvalidInput
from foundation.transaction import transaction
from publicity.pushes.channels import CHANNEL_NAMES, TO_NOBODY, Audience, Channel
from publicity.pushes.models import Push
from publicity.pushes.templates_set import TEMPLATES
from staff.actors import Actor
from wechat.account import current_account
from wechat.following.figures import follower_figures
from wechat.following.tags import TEST_TAG, Tag, list_tags, make_test_tag
from wechat.rights import RIGHTS
from wechat.sending.once import consents_of
from wechat.sending.quotas import Quota, mass_quota, preview_quota, publication_quota

CONSENTS = "notices"
"""The purpose under which readers allow one message about a notice."""

RIGHT_OF: Mapping[Channel, str] = MappingProxyType(
    {
        Channel.MASS: "mass_tag",
        Channel.TEMPLATE: "template",
        Channel.ONCE: "once_subscription",
        Channel.CUSTOMER: "customer_message",
        Channel.PUBLICATION: "draft",
        Channel.DRAFT: "draft",
    }
)
WHAT_IT_IS: Mapping[Channel, str] = MappingProxyType(
    {
        Channel.MASS: "像平时群发文章一样，出现在对话里，也留在历史消息里。",
        Channel.TEMPLATE: "给每位关注者各发一条服务通知，点开就是公示页。",
        Channel.ONCE: "给在公示页上订阅了“下一条消息”的人各发一条，发过就用掉了。",
        Channel.CUSTOMER: "只到得了48小时内和公众号说过话的人，别人收不到。",
        Channel.PUBLICATION: "文章发布在公众号主页，不占群发次数，也不通知关注者。",
        Channel.DRAFT: "把文章放进公众号的草稿箱，由编辑并入当天的图文一起群发，不另占次数。",
    }
)


@dataclass(frozen=True, slots=True)
class Way:
    """One channel: whether the account may use it, what stands in its way, what works instead, what is left of it.

    `remark` is what to mind although it can be used; what `lacks_template` can be mended by staff themselves.
    """

    channel: Channel
    usable: bool
    why_not: str = ""
    instead: str = ""
    quota: str = ""
    remark: str = ""
    lacks_template: bool = False

    @property
    def words(self) -> str:
        return CHANNEL_NAMES[self.channel]

    @property
    def what(self) -> str:
        return WHAT_IT_IS[self.channel]


@dataclass(frozen=True, slots=True)
class Audiences:
    """Whom a push may be for: all who follow, as far as we know; the tags as the platform tells them, or why not."""

    followers: int
    subscribed: int
    tags: tuple[Tag, ...] = ()
    testers: Tag | None = None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Chosen:
    """An audience that was found: its tag, and how many it is about now."""

    audience: Audience
    tag_number: int | None
    tag_name: str
    estimate: int


def ways() -> tuple[Way, ...]:
    """Return every channel as it stands for this account now, those that can be used first."""
    found = [_way(channel) for channel in Channel]
    return tuple(sorted(found, key=lambda way: not way.usable))


def way_of(channel: Channel) -> Way:
    return _way(channel)


def audiences() -> Audiences:
    """Return whom a push may be for; asks the platform for the tags, and says why where it does not tell them."""
    followers, subscribed = follower_figures().followers, len(consents_of(CONSENTS))
    try:
        tags = list_tags()
    except AppError as error:
        return Audiences(followers, subscribed, fault=error.message)
    testers = next((tag for tag in tags if tag.name == TEST_TAG), None)
    return Audiences(followers, subscribed, tuple(tag for tag in tags if tag is not testers), testers)


def choose(channel: Channel, audience: Audience, tag: int | None, actor: Actor) -> Chosen:
    """Return the audience that was asked for, the testers' tag made where there is none.

    Not to be called inside a transaction, for it may ask the platform. Raises InvalidInput for a tag there is not,
    NotAllowed where the account has no tags, WeChatError.
    """
    if channel in TO_NOBODY:
        return Chosen(Audience.ALL, None, "", 0)
    if channel is Channel.ONCE:
        return Chosen(Audience.ALL, None, "", len(consents_of(CONSENTS)))
    if audience is Audience.ALL:
        return Chosen(audience, None, "", follower_figures().followers)
    found = make_test_tag(actor) if audience is Audience.TESTERS else _tag(tag)
    return Chosen(audience, found.number, found.name, found.followers)


def refuse_without_quota(channel: str, key: str, starts_at: datetime | None) -> None:
    """Raise Conflict where, when the push would start, the account has nothing left to send it with."""
    problem = _quota_problem(Channel(channel), key, starts_at)
    if problem:
        raise Conflict(problem)


def refuse_without_right(channel: str) -> None:
    """Raise Conflict where the account may not use the channel, or lost the right to it since."""
    way = way_of(Channel(channel))
    if not way.usable:
        raise Conflict(f"现在不能用{way.words}：{way.why_not}")


def refuse_without_readers(channel: str, audience: str) -> None:
    """Raise Conflict where nobody is known whom the push could reach; how many have a tag the platform knows."""
    if channel == Channel.ONCE and not consents_of(CONSENTS):
        raise Conflict("还没有人订阅下一条公示消息，发了没有人收到。请换一种方式。")
    to_all = channel in (Channel.TEMPLATE, Channel.CUSTOMER) and audience == Audience.ALL
    if to_all and not follower_figures().followers:
        raise Conflict("本站还没有关注者名单，发了没有人收到。请先到“公众号设置”里同步关注者。")


def quota_words(channel: str) -> str:
    """Return how much of the channel is used up, or nothing where it is not counted here."""
    return way_of(Channel(channel)).quota


def preview_words() -> str:
    return preview_quota().words


def _tag(number: int | None) -> Tag:
    found = next((tag for tag in list_tags() if tag.number == number), None)
    if found is None:
        raise InvalidInput("请选一个标签；它可能刚被删去了。", field="tag")
    return found


def _way(channel: Channel) -> Way:
    right = RIGHTS[RIGHT_OF[channel]]
    if not current_account().may(right.name):
        return Way(channel, False, f"这个公众号没有“{right.label}”的权限。", right.instead)
    if channel is Channel.TEMPLATE and not TEMPLATES.value():
        return Way(channel, False, "还没有设模板。", "先在设置里填好模板ID和字段", lacks_template=True)
    if channel in TO_NOBODY and not current_account().may("material"):
        return Way(channel, False, "文章要有封面，而这个公众号没有“素材”的权限。", RIGHTS["material"].instead)
    return _counted(channel)


def _counted(channel: Channel) -> Way:
    if channel is Channel.MASS:
        quota = mass_quota()
        taken = "" if quota.left else _taken(quota)
        return Way(channel, True, quota=_used_words(quota, "群发"), remark=taken)
    if channel is Channel.PUBLICATION:
        return Way(channel, True, quota=_used_words(publication_quota(), "发布"))
    if channel is Channel.ONCE:
        waiting = len(consents_of(CONSENTS))
        return Way(channel, True, quota=f"{waiting:,}人订阅了", remark="" if waiting else "现在发没有人收到。")
    return Way(channel, True)


def _taken(quota: Quota) -> str:
    when, instead = ("明天", CHANNEL_NAMES[Channel.DRAFT]) if quota.period == "day" else ("下个月", "")
    return f"次数已经用完，只能定在{when}以后。" + (f"今天就要发的，改用“{instead}”。" if instead else "")


def _used_words(quota: Quota, act: str) -> str:
    """Say what of a quota is used, the way staff count: 本月4次已用4次，今天的1次群发还没用."""
    period = "今天" if quota.period == "day" else "本月"
    if quota.limit == 1:
        return f"{period}的1次{act}{'还没用' if quota.left else '已经用了'}"
    return f"{period}{quota.limit}次已用{quota.limit - quota.left}次"


def _quota_problem(channel: Channel, key: str, starts_at: datetime | None) -> str:
    if channel is Channel.PUBLICATION:
        return "今天的发布次数已经用完，请明天再发。" if not publication_quota().left else ""
    if channel is not Channel.MASS:
        return ""
    quota = mass_quota()
    with transaction() as session:
        now = database_now(session)
        start = max(starts_at or now, now)
        left = quota.left if _period(quota, start) == _period(quota, now) else quota.limit
        reserved = session.scalars(select(Push.starts_at).where(*_will_mass(key))).all()
    same = sum(_period(quota, max(other or now, now)) == _period(quota, start) for other in reserved)
    if left > same:
        return ""
    period = ("那一天" if quota.period == "day" else "那个月") if start > now else _used_words(quota, "群发")
    other = f"，另有{same}条已批准的群发排在前面" if same else ""
    return f"{period}没有群发次数了{other}。请换个时间，或者改用“{CHANNEL_NAMES[Channel.DRAFT]}”。"


def _will_mass(key: str) -> Sequence[ColumnElement[bool]]:
    return Push.channel == Channel.MASS, Push.state == "approved", Push.key != key


def _period(quota: Quota, moment: datetime) -> tuple[int, ...]:
    here = local(moment)
    return (here.year, here.month, here.day) if quota.period == "day" else (here.year, here.month)
