"""The voting column as the editors of another site take it: its address, and what they paste to frame it."""

from dataclasses import dataclass

from markupsafe import Markup

FRAME_HEIGHT = 900  # pixels: the list and the code stand side by side in sight
_FRAME = Markup(
    '<iframe src="{address}" title="{title}" width="100%" height="{height}" frameborder="0" loading="lazy"></iframe>'
)


@dataclass(frozen=True, slots=True)
class ColumnOffer:
    """The column's own address, the frame for another page, and the origins that browsers let frame it."""

    address: str
    frame: str
    origins: tuple[str, ...]


def offer_column(slug: str, title: str, site: str, embed_origins: str) -> ColumnOffer:
    """Return how a poll's column gets onto another site; `embed_origins` is the setting, blank where nobody may."""
    address = f"{site}/polls/{slug}/column"
    frame = _FRAME.format(address=address, title=f"{title}投票专栏", height=FRAME_HEIGHT)
    return ColumnOffer(address, str(frame), tuple(embed_origins.split()))
