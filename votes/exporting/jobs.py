"""The job that makes a tally download; it may run again, and says how far it is."""

from functools import partial

from staff import downloads
from staff.download_making import Wish, fulfil
from votes.exporting.export import export_tally

KIND = "tally."
"""Before the format: the kind of a download is `tally.xlsx`."""
_HUNDRED = 100


def make_download(key: str) -> None:
    """Make the file of the download `key`, unless it is there already or nobody asked for it."""
    fulfil(key, (KIND,), _HUNDRED, _make)


def _make(wish: Wish) -> None:
    made = export_tally(wish.subject, wish.file_format, wish.taker, partial(downloads.progress, wish.key))
    downloads.finish(wish.key, made.filename, made.content)
