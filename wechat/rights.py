"""The rights an account may have: what each is called, which calls it takes, what works without it, how to get it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

_CHECK = "登录微信公众平台，在“设置与开发—接口权限”查看这一项是否“已获得”；没有的，先完成微信认证"
_SERVICE_ONLY = "只有已认证的服务号才有这项权限；订阅号不用处理，请管理员把它从服务器的WECHAT_CAPABILITIES里去掉"


@dataclass(frozen=True, slots=True)
class Right:
    """One right: its name in WECHAT_CAPABILITIES, what pages call it, what works instead, and what to click.

    `paths` are the calls that take it: whole ones, or the beginnings of many, which end in a slash.
    """

    name: str
    label: str
    paths: tuple[str, ...]
    instead: str
    remedy: str = _CHECK


_ALL = (
    Right(
        "oauth",
        "网页授权（登录）",
        ("sns/",),
        "关注者在公众号里发送“投票”，用只限本人的链接进入，或者直接在对话里投票；请重新发布一次菜单，让菜单也这样做",
        "登录微信公众平台，在“设置与开发—账号设置—功能设置”看能不能设置“网页授权域名”；能设置的，填上本站的域名",
    ),
    Right("menu", "自定义菜单", ("menu/",), "关注者发送“投票”“结果”“查票”“帮助”，和点菜单一样"),
    Right(
        "users",
        "用户管理（查询是否关注）",
        ("user/", "tags/"),
        "是否关注以收到的关注通知为准；以前就关注、本站没有记录的人，给公众号发一句话即可",
    ),
    Right(
        "customer_message",
        "客服消息",
        ("message/custom/", "customservice/"),
        "来得及的都在对话里当场回复；来不及的，对方再发一次就能收到",
    ),
    Right("mass_tag", "按标签群发", ("message/mass/",), "在网站上公布，关注者回复关键词查看；也可以在公众平台手工群发"),
    Right("mass_openid", "按用户群发", ("message/mass/send",), "改为按标签群发", _SERVICE_ONLY),
    Right("template", "模板消息", ("message/template/", "template/"), "改用群发，或者一次性订阅消息", _SERVICE_ONLY),
    Right("once_subscription", "一次性订阅消息", ("message/template/subscribe",), "改用群发，或者在网站上公布"),
    Right("draft", "草稿与发布", ("draft/", "freepublish/"), "在公众平台手工发布文章，或者只在网站上公布"),
    Right("material", "素材", ("media/", "material/"), "在公众平台手工上传图片；文字照常发送"),
    Right("scene_qr", "带参数的二维码", ("qrcode/",), "改用普通的网址二维码，扫码后打开同一页", _SERVICE_ONLY),
    Right("share", "分享卡片", (), "分享出去的是普通链接，内容相同"),
)
RIGHTS: Mapping[str, Right] = MappingProxyType({right.name: right for right in _ALL})
"""Every right by its name, in the order in which pages list them."""


def right_of(path: str) -> Right | None:
    """Return the right that a call takes, None where every account may make it; the longest match counts."""
    plain = path.removeprefix("/cgi-bin/").removeprefix("/")
    found = [(len(named), right) for right in _ALL for named in right.paths if _covers(named, plain)]
    return max(found, key=lambda pair: pair[0])[1] if found else None


def _covers(named: str, path: str) -> bool:
    return path.startswith(named) if named.endswith("/") else path == named
