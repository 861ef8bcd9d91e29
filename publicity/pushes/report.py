"""How far a push is and how it ended, in words: for the page that is watched, the list and the desk."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from publicity.pushes.channels import PER_FOLLOWER
from publicity.pushes.outcomes import may_be_retried
from publicity.pushes.progress import Progress, push_progress
from publicity.pushes.sheets import PushLine

_MINUTE = 60
_RETRY, _NOTHING = "用“重发可重发的”再发一次。", "不用处理。"
_ADVICE: Mapping[int | None, str] = MappingProxyType(
    {
        None: "不知道对方收到没有。重发可能让人收到两遍，一般不用再发。",
        -1: "微信当时繁忙，用“重发可重发的”再发一次。",
        40001: f"请管理员在“公众号”页检查设置，然后{_RETRY}",
        40003: _NOTHING,
        40037: "到公众平台核对模板ID，在设置里改正后另拟一条。",
        40164: f"请管理员把服务器的地址加进公众平台的IP白名单，然后{_RETRY}",
        43004: _NOTHING,
        43019: "是公众号自己拉黑的；要发给他们，先在公众平台移出黑名单。",
        43101: "对方不愿接收，不再打扰。",
        45009: f"明天{_RETRY}",
        45011: f"过一会儿{_RETRY}",
        45015: "对方再和公众号说话后才收得到；急的改用别的方式另发。",
        45047: "对方再和公众号说话后才收得到；急的改用别的方式另发。",
        47003: "改正内容后另拟一条。",
        48001: "请管理员在“公众号”页看替代办法，改用别的方式。",
    }
)
_OUTCOMES = (
    ("delivered", "微信确认送达"),
    ("sent", "已发出，微信还没有确认"),
    ("refused", "拒收"),
    ("blocked", "在黑名单里"),
    ("unfollowed", "已取消关注"),
    ("failed", "失败"),
    ("unknown", "结果不明"),
    ("waiting", "没有发"),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many ended one way, and which part of all that is."""

    words: str
    count: int
    share: str


@dataclass(frozen=True, slots=True)
class Reason:
    """One kind of failure: what it is, for how many, and what to do about it."""

    errcode: int | None
    words: str
    count: int
    advice: str


@dataclass(frozen=True, slots=True)
class Report:
    """What pages show of a push's progress; `percent` is None where nobody can say, as while it is planned."""

    progress: Progress
    per_follower: bool

    @property
    def total(self) -> int:
        return self.progress.total

    @property
    def percent(self) -> int | None:
        """How much of it is done, rounded down, so that only what is done says 100."""
        if not self.total or self.progress.state == "planning":
            return None
        return self._done * 100 // self.total

    @property
    def percent_words(self) -> str:
        return "" if self.percent is None else f"{self.percent}%"

    @property
    def figures(self) -> str:
        """The line under the bar: 63% · 已送达 118,204 · 拒收 1,902 · 已取关 310 · 失败 12."""
        progress = self.progress
        parts = [
            f"{self.percent_words} · 已发出 {progress.sent + progress.delivered:,}",
            *(f"{words} {count:,}" for words, count in self._not_reached if count),
        ]
        return " · ".join(parts)

    @property
    def left_words(self) -> str:
        """How fast it goes, and how long it still takes."""
        progress = self.progress
        if progress.state != "running" or not progress.per_second:
            return ""
        speed = _speed(progress.per_second)
        return f"{speed}，约还需{_time(progress.seconds_left)}" if progress.seconds_left else speed

    @property
    def repeats_words(self) -> str:
        """Say how many left again, where any did."""
        repeats = self.progress.repeats
        return f"一时没有应答、用同一编号重发了{repeats:,}条，微信会去掉重复的。" if repeats else ""

    @property
    def headline(self) -> str:
        return _HEADLINES.get(self.progress.state, "")

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        counts = ((words, getattr(self.progress, name)) for name, words in _OUTCOMES)
        return tuple(Outcome(words, count, _share(count, self.total)) for words, count in counts if count)

    @property
    def errors(self) -> tuple[Reason, ...]:
        if not self.per_follower:
            # Of a job of its own the platform only tells how many.
            return ()
        return tuple(
            Reason(errcode, words, count, _ADVICE.get(errcode, "请管理员看运行日志。"))
            for errcode, words, count in self.progress.errors
        )

    @property
    def retriable(self) -> int:
        """How many were not reached, surely, and may be another time."""
        return sum(count for errcode, _, count in self.progress.errors if may_be_retried(errcode))

    @property
    def unknown(self) -> int:
        return self.progress.unknown

    @property
    def can_retry(self) -> bool:
        return self.per_follower and self.progress.state == "finished" and bool(self.retriable or self.unknown)

    @property
    def can_be_stopped(self) -> bool:
        """Whether what was not sent yet is still ours to keep back."""
        return self.per_follower or self.progress.state != "running"

    @property
    def _not_reached(self) -> tuple[tuple[str, int], ...]:
        progress = self.progress
        return (
            ("拒收", progress.refused),
            ("拉黑", progress.blocked),
            ("已取关", progress.unfollowed),
            ("失败", progress.failed),
            ("结果不明", progress.unknown),
        )

    @property
    def _done(self) -> int:
        return self.total - self.progress.waiting


_HEADLINES = {
    "approved": "已批准",
    "planning": "正在准备",
    "running": "正在发送",
    "paused": "已暂停",
    "finished": "发送完了",
    "cancelled": "已取消",
    "failed": "没有发成",
}


def report_of(line: PushLine) -> Report:
    """Return how far a push is; raises NotFound where it was dropped meanwhile."""
    return Report(push_progress(line.key), line.channel in PER_FOLLOWER)


def _share(count: int, total: int) -> str:
    """Return the part in percent; what is little but there is never 0."""
    if not total:
        return ""
    part = count * 100 / total
    return "不到0.1%" if 0 < part < 0.1 else f"{part:.1f}%"


def _speed(per_second: float) -> str:
    if per_second >= 1:
        return f"每秒{per_second:,.0f}条"
    return f"每分钟{per_second * _MINUTE:,.0f}条"


def _time(seconds: float) -> str:
    if seconds < _MINUTE:
        return "1分钟"
    minutes = round(seconds / _MINUTE)
    return f"{minutes}分钟" if minutes < _MINUTE * 2 else f"{minutes / _MINUTE:.1f}小时"
