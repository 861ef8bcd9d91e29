"""What every file that leaves the house says of itself: who took it, when, and under which number."""

from dataclasses import dataclass
from datetime import datetime

from foundation.clock import show_moment

_NUMBER = 8  # letters of the key, enough to find the download or the line in the trail by


@dataclass(frozen=True, slots=True)
class Taker:
    """Who takes a file, and the key under which it was asked for."""

    display_name: str
    name: str
    key: str

    def mark(self, at: datetime) -> str:
        """Return the line for a file that is made at this moment."""
        return watermark(self.display_name, self.name, at, self.key)


def watermark(display_name: str, name: str, at: datetime, key: str) -> str:
    """Return the line: 由 示例经办（jingban）于 2017年4月25日 18:00 导出 · 编号 0123abcd."""
    return f"由 {display_name}（{name}）于 {show_moment(at, year=True)} 导出 · 编号 {key[:_NUMBER]}"
