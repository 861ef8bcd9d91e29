"""Readings of the account that are kept: the latest, and those whose menu ours replaced, which lead back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from foundation.errors import NotFound
from foundation.transaction import transaction
from staff.actors import NOT_MEMBERS, Actor
from staff.models import Member
from wechat.buttons import Button, leaves
from wechat.models import AccountReading
from wechat.takeover.living import LivingMenu, source_of

MOST_SHOWN = 5
# What a menu made on the account's own pages calls material that menu/create takes by its id.
_BY_MATERIAL = ("img", "voice", "news")
_TAKEN = {
    "view": ("url",),
    "media_id": ("media_id",),
    "view_limited": ("media_id",),
    "article_id": ("article_id",),
    "article_view_limited": ("article_id",),
    "miniprogram": ("appid", "pagepath", "url"),
    **dict.fromkeys(
        (
            *("click", "scancode_push", "scancode_waitmsg", "pic_sysphoto"),
            *("pic_photo_or_album", "pic_weixin", "location_select"),
        ),
        ("key",),
    ),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """What stood on the account at a moment, and who looked; `replies` is None where only the menu was read."""

    number: int
    menu: LivingMenu
    replies: dict[str, Any] | None
    at: datetime
    person: str

    @property
    def lost(self) -> tuple[str, ...]:
        """Name the entries that cannot be put back through the API."""
        return tuple(str(leaf.get("name", "")) for _, leaf in leaves(self.menu.buttons) if _as_taken(leaf) is None)


def keep_reading(
    session: Session, menu: LivingMenu, actor: Actor, *, replies: dict[str, Any] | None = None, replaced: bool = False
) -> None:
    """Keep what was read in the running transaction; `replaced` marks the menu as one to go back to."""
    session.add(
        AccountReading(
            source=menu.source,
            buttons=menu.buttons,
            conditional=menu.conditional,
            replies=replies,
            replaced=replaced,
            read_by=actor.name,
        )
    )


def latest_reading() -> Reading | None:
    """Return what staff read last, replies included, None where nobody has looked yet."""
    with transaction() as session:
        row = session.execute(_readings().where(AccountReading.replies.is_not(None)).limit(1)).one_or_none()
        return _reading(row[0], row[1]) if row else None


def replaced_menus() -> tuple[Reading, ...]:
    """Return the menus that ours replaced, the latest first."""
    query = _readings().where(AccountReading.replaced).limit(MOST_SHOWN)
    with transaction() as session:
        return tuple(_reading(row[0], row[1]) for row in session.execute(query))


def replaced_menu(number: int) -> Reading:
    """Return one of them; raises NotFound."""
    query = _readings().where(AccountReading.replaced, AccountReading.id == number)
    with transaction() as session:
        row = session.execute(query).one_or_none()
        if row is None:
            raise NotFound("没有这份菜单。")
        return _reading(row[0], row[1])


def drop_older_readings(session: Session) -> None:
    """Forget what was read before, but for the menus that lead back: only the newest is offered."""
    session.execute(delete(AccountReading).where(AccountReading.replaced.is_(False)))


def as_created(buttons: list[Button]) -> list[Button]:
    """Return the buttons as menu/create takes them, without those that it cannot make."""
    made = []
    for button in buttons:
        if below := button.get("sub_button"):
            kept = [taken for one in below if (taken := _as_taken(one))]
            made += [{"name": button["name"], "sub_button": kept}] if kept else []
        elif taken := _as_taken(button):
            made.append(taken)
    return made


def _as_taken(leaf: Button) -> Button | None:
    kind, name = str(leaf.get("type", "")), leaf.get("name", "")
    if kind in _BY_MATERIAL and leaf.get("value"):
        return {"type": "media_id", "name": name, "media_id": leaf["value"]}
    fields = _TAKEN.get(kind)
    if fields is None or not leaf.get(fields[0]):
        return None
    return {"type": kind, "name": name} | {field: leaf[field] for field in fields if leaf.get(field)}


def _readings() -> Select[AccountReading, str]:
    query = select(AccountReading, Member.display_name).outerjoin(Member, Member.name == AccountReading.read_by)
    return query.order_by(AccountReading.id.desc())


def _reading(row: AccountReading, person: str | None) -> Reading:
    menu = LivingMenu(source_of(row.source), row.buttons, row.conditional)
    return Reading(row.id, menu, row.replies, row.read_at, person or NOT_MEMBERS.get(row.read_by, row.read_by))
