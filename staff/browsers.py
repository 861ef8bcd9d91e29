"""What a browser calls itself, in a few words of ours; the whole sentence is kept nowhere."""

_SYSTEMS = (
    ("OpenHarmony", "鸿蒙"),
    ("HarmonyOS", "鸿蒙"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "安卓"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("CrOS", "ChromeOS"),
    ("UOS", "统信"),
    ("Linux", "Linux"),
)
# Most claim to be others as well, so the ones that are not imitated stand first.
_BROWSERS = (
    ("MicroMessenger", "微信"),
    ("DingTalk", "钉钉"),
    ("QQBrowser", "QQ浏览器"),
    ("UCBrowser", "UC浏览器"),
    ("MiuiBrowser", "小米浏览器"),
    ("HuaweiBrowser", "华为浏览器"),
    ("MetaSr", "搜狗浏览器"),
    ("QIHU", "360浏览器"),
    ("360SE", "360浏览器"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("Trident/", "IE"),
)


def describe_browser(user_agent: str) -> str:
    """Return, for the owner's eyes, what this most likely is: Windows 上的 Edge."""
    system = _first_of(_SYSTEMS, user_agent)
    browser = _first_of(_BROWSERS, user_agent)
    if not system and not browser:
        return "不认识的浏览器"
    before, after = system or "不认识的系统", browser or "浏览器"
    return f"{before}{_space(before[-1])}上的{_space(after[0])}{after}"


def _space(neighbour: str) -> str:
    return " " if neighbour.isascii() else ""


def _first_of(known: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((words for mark, words in known if mark in user_agent), "")
