"""How notices are told in a few words, and how their text is set on a page; pure."""

import re
from datetime import date, datetime

from markupsafe import Markup

from foundation.clock import local_day
from publicity.notices.kinds import WITH_PERIOD, Phase
from publicity.notices.reading import NoticeHead
from publicity.notices.wording import LATER

_STEP = 1024
_FRAME = '<div class="notice-table" tabindex="0" role="group" aria-label="表格">'
_LONGEST_NUMBER = 12  # digits, with the area code
_BADGES = {Phase.DRAFT: "未发布", Phase.OVER: "公示期满", Phase.CONCLUDED: "公示已结束"}
_DATE = rf"(?:\d{{4}}年\d{{1,2}}月\d{{1,2}}日|{LATER})"
_SIGNED = re.compile(rf"(?:<p>([^<]{{1,60}})</p>)?<p>({_DATE})</p>$")


def badge_words(notice: NoticeHead) -> str:
    """Say in one word what a reader has before them."""
    if notice.phase is Phase.RUNNING:
        return "公示中"
    return _BADGES.get(notice.phase, "公示" if notice.kind in WITH_PERIOD else "公告")


def span_words(first: date | None, last: date | None) -> str:
    """Write two days as a period: 2017年6月5日 — 6月9日; nothing where there is none."""
    if first is None or last is None:
        return ""
    if first == last:
        return day_words(first)
    end = f"{last.month}月{last.day}日" if first.year == last.year else day_words(last)
    return f"{day_words(first)} — {end}"


def day_words(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def publication_day(moment: datetime | None) -> str:
    """Write the day of a moment as it is here; nothing for none."""
    return "" if moment is None else day_words(local_day(moment))


def period_words(notice: NoticeHead) -> str:
    """Tell the period of a notice and how many working days are left of it; nothing for one without a period."""
    span = span_words(notice.first_day, notice.last_day)
    if not span:
        return ""
    left = left_words(notice)
    return f"{span}（{notice.working_days}个工作日）{' · ' if left else ''}{left}"


def left_words(notice: NoticeHead) -> str:
    """Tell how many working days are left while the period runs, else nothing."""
    return f"还剩{notice.days_left}个工作日" if notice.phase is Phase.RUNNING else ""


def days_gone(notice: NoticeHead) -> int:
    """Return how many working days of the period are behind us, for its bar."""
    return max(0, notice.working_days - notice.days_left)


def size_words(size: int) -> str:
    """Write a number of bytes as people do: 12 KB, 3.4 MB."""
    if size < _STEP * _STEP:
        return f"{max(1, round(size / _STEP))} KB"
    return f"{size / _STEP / _STEP:.1f} MB"


def dialled(phone: str) -> str:
    """Return the address that dials a number; nothing where more than one is written down."""
    digits = phone.replace("-", "").replace(" ", "")
    return f"tel:{digits}" if digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST_NUMBER else ""


def as_sheet(body: Markup) -> Markup:
    """Set a cleaned text on a page: wide tables scroll by themselves, who signs and the day stand at the right."""
    framed = str(body).replace("<table>", f"{_FRAME}<table>").replace("</table>", "</table></div>")
    return Markup(_SIGNED.sub(_signed, framed))  # noqa: S704  # nothing is added but these tags


def _signed(found: re.Match[str]) -> str:
    return "".join(f'<p class="notice-signed">{text}</p>' for text in found.groups() if text)
