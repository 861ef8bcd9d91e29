"""What staff enter about a poll and its awards, and what is wrong with it, field by field. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

PERIODS = {"once": "整个投票期间一次", "daily": "每天一次"}
VISIBILITIES = {
    "hidden": "认证后公布，之前任何人都看不到",
    "daily": "每天18:00公布一次",
    "after_voting": "投票后可见",
    "live": "随时可见",
}
ORDERS = {
    "strokes": "个人按姓氏笔画，组织按单位顺序",
    "numbered": "按编号",
    "drawn": "抽签（公布抽签号码）",
    "per_voter": "每个投票人看到的顺序不同",
}
MOST_AWARDS = 20
MOST_CHOICES = 2_000
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
_PHONE = re.compile(r"[0-9+() （）、,，;；\-—转 ]*")
_LENGTHS = {"title": 120, "rules_text": 4_000, "enquiry_phone": 40, "supervision_phone": 40, "draw_seed": 80}
_LABELS = {
    "title": "名称",
    "rules_text": "投票规则",
    "enquiry_phone": "咨询电话",
    "supervision_phone": "监督电话",
    "draw_seed": "抽签号码",
}


@dataclass(frozen=True, slots=True)
class PollSettings:
    """A poll as entered. Empty `rules_text` asks for the default rules, which then follow the other settings."""

    title: str
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    period: str = "once"
    visibility: str = "hidden"
    candidate_order: str = "strokes"
    draw_seed: str | None = None
    followers_only: bool = False
    enquiry_phone: str = ""
    supervision_phone: str = ""
    rules_text: str = ""


@dataclass(frozen=True, slots=True)
class AwardSettings:
    """An award as entered; `id` names the one that is there already."""

    name: str
    places: int
    max_choices: int
    min_choices: int = 0
    for_organisations: bool = False
    id: int | None = None


# Source: the notice of 2017 and the default rules of this selection.
DEFAULT_AWARDS = (
    AwardSettings("十佳基层党组织", 10, 10, for_organisations=True),
    AwardSettings("十佳共产党员", 10, 10),
    AwardSettings("优秀共产党员", 100, 100),
)


def check_slug(slug: str) -> dict[str, str]:
    """Return the fault of a poll's address, if any."""
    return {} if _SLUG.fullmatch(slug) else {"slug": "网址只能用小写字母、数字和连字符，不超过60个。"}


def check_settings(settings: PollSettings) -> dict[str, str]:
    """Return a sentence for each field that cannot be used."""
    faults: dict[str, str] = {}
    if not settings.title.strip():
        faults["title"] = "请填写投票的名称。"
    for field, most in _LENGTHS.items():
        if len(getattr(settings, field) or "") > most:
            faults[field] = f"{_LABELS[field]}太长，最多{most}个字。"
    for field in ("enquiry_phone", "supervision_phone"):
        if not _PHONE.fullmatch(getattr(settings, field)):
            faults[field] = f"{_LABELS[field]}只能用数字、括号和连字符。"
    if settings.opens_at and settings.closes_at and settings.closes_at <= settings.opens_at:
        faults["closes_at"] = "结束时间要晚于开始时间。"
    return faults | _check_choices(settings)


def _check_choices(settings: PollSettings) -> dict[str, str]:
    offered = {
        "period": (settings.period, PERIODS),
        "visibility": (settings.visibility, VISIBILITIES),
        "candidate_order": (settings.candidate_order, ORDERS),
    }
    return {field: "请从列出的选项中选一个。" for field, (value, known) in offered.items() if value not in known}


def check_awards(awards: Sequence[AwardSettings]) -> dict[str, str]:
    """Return a sentence for each field that cannot be used; fields are named awards-<row>-<field>."""
    faults: dict[str, str] = {}
    if len(awards) > MOST_AWARDS:
        faults["awards"] = f"奖项最多{MOST_AWARDS}个。"
    for row, award in enumerate(awards):
        earlier = {other.name for other in awards[:row]}
        faults |= {f"awards-{row}-{field}": text for field, text in _check_award(award, earlier).items()}
    return faults


def _check_award(award: AwardSettings, earlier: set[str]) -> dict[str, str]:
    faults = {}
    if not award.name:
        faults["name"] = "请填写奖项名称。"
    elif len(award.name) > 60:
        faults["name"] = "奖项名称最多60个字。"
    elif award.name in earlier:
        faults["name"] = f"奖项“{award.name}”重复了。"
    if not 1 <= award.places <= MOST_CHOICES:
        faults["places"] = "名额至少是1。"
    if not 1 <= award.max_choices <= MOST_CHOICES:
        faults["max_choices"] = "最多可选至少是1。"
    elif not 0 <= award.min_choices <= award.max_choices:
        faults["min_choices"] = "最少须选不能多于最多可选。"
    return faults
