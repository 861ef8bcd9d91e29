"""The console's forms about pushes: what was typed, kept as it was typed, and turned into plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from foundation.clock import SHANGHAI, local
from foundation.errors import InvalidInput
from foundation.forms import Fields, text_of, whole
from publicity.pushes.channels import Audience, Channel
from publicity.pushes.composing import PushEntry
from publicity.pushes.contents import TEMPLATE_FIELD
from publicity.pushes.sheets import PushSheet

_TEXTS = ("title", "text", "author", "digest", "template_id")
_OTHERS = ("audience", "tag", "starts_at")


@dataclass(frozen=True, slots=True)
class NewPushForm:
    """What is chosen for a new push: the way (`mass-text` and `mass-article` are two), and for whom."""

    typed: Mapping[str, str]

    @classmethod
    def read(cls, form: Fields) -> Self:
        return cls({name: text_of(form, name) for name in ("notice", "way", "audience", "tag")})

    def entry(self) -> PushEntry:
        channel, _, form = self.typed["way"].partition("-")
        return PushEntry(
            channel, self.typed["audience"] or Audience.ALL, whole(self.typed["tag"]), form=form or "article"
        )


@dataclass(frozen=True, slots=True)
class PushForm:
    """What is entered about a push; fields of a template stand as `field-<name>`."""

    typed: Mapping[str, str]

    @classmethod
    def of(cls, push: PushSheet) -> Self:
        line = push.line
        starts_at = f"{local(line.starts_at):%Y-%m-%dT%H:%M}" if line.starts_at else ""
        others = {"audience": line.audience, "tag": str(line.tag_number or ""), "starts_at": starts_at}
        return cls({**_typed(push.content), **others})

    @classmethod
    def read(cls, form: Fields) -> Self:
        names = [*_TEXTS, *_OTHERS, *(name for name in form if name.startswith(TEMPLATE_FIELD))]
        return cls({name: text_of(form, name) for name in names})

    def filled_from(self, content: Mapping[str, Any]) -> Self:
        """Return the form with another content in the place of what was typed."""
        return type(self)({**{name: self.typed[name] for name in _OTHERS}, **_typed(content)})

    @property
    def fields(self) -> dict[str, str]:
        """The values of a template's fields by their names."""
        return {
            name.removeprefix(TEMPLATE_FIELD): text
            for name, text in self.typed.items()
            if name.startswith(TEMPLATE_FIELD)
        }

    def entry(self, channel: Channel) -> PushEntry:
        """Return what was entered; raises InvalidInput for a time that is none."""
        return PushEntry(
            channel=channel,
            audience=self.typed["audience"] or Audience.ALL,
            tag=whole(self.typed["tag"]),
            content=self._content(channel),
            starts_at=_moment(self.typed["starts_at"]),
        )

    def _content(self, channel: Channel) -> dict[str, Any]:
        if channel is Channel.TEMPLATE:
            return {"template_id": self.typed["template_id"], "fields": self.fields}
        return {name: self.typed[name] for name in ("title", "text", "author", "digest")}


def _typed(content: Mapping[str, Any]) -> dict[str, str]:
    texts = {name: str(content.get(name) or "") for name in _TEXTS}
    return {**texts, **{TEMPLATE_FIELD + name: text for name, text in (content.get("fields") or {}).items()}}


def _moment(typed: str) -> datetime | None:
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=SHANGHAI) if typed else None
    except ValueError:
        raise InvalidInput("时间要写成 2017-04-25 18:00 这样。", field="starts_at") from None
