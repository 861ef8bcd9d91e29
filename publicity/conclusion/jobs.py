"""The job that makes a 公示情况报告; it may run again."""

from publicity.conclusion.exporting import export_report
from staff import downloads
from staff.download_making import Wish, fulfil

KIND = "notice_report."
"""Before the format: the kind of a download is `notice_report.docx`."""


def make_report(key: str) -> None:
    """Make the file of the download `key`, unless it is there already or nobody asked for it."""
    fulfil(key, (KIND,), 1, _make)


def _make(wish: Wish) -> None:
    made = export_report(wish.subject, wish.taker)
    downloads.finish(wish.key, made.filename, made.content)
