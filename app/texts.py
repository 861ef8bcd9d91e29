"""The words on public pages that staff may set: a notice on the home page, and the footer."""

from flask import Flask

from staff.options.acts import TEXTS
from staff.options.kinds import Line
from staff.options.registry import Group, Preview, declare_option, from_settings

_LINE = "app/option_line.html"

HOME_NOTICE = declare_option(
    "home.notice",
    "首页通知",
    Line(most=120, required=False),
    "",
    group=Group.SITE,
    act=TEXTS,
    hint="显示在首页最上面的一行字，例如系统维护的时间。空着就不显示。",
    preview=Preview(_LINE, lambda text: {"place": "notice", "text": text}),
)
SITE_FOOTER = declare_option(
    "site.footer",
    "页脚文字",
    Line(most=200, required=False),
    from_settings(lambda settings: settings.site_footer),
    group=Group.SITE,
    act=TEXTS,
    hint="显示在每个公开页面的最下面，一般是ICP和公安备案号。已经打开的投票页半分钟内换成新的。",
    preview=Preview(_LINE, lambda text: {"place": "footer", "text": text}),
)


def init_texts(app: Flask) -> None:
    """Have every public page know its footer."""
    app.context_processor(lambda: {"site_footer": SITE_FOOTER.value()})
