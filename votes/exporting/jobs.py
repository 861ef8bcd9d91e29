"""The job that makes a tally download; it may run again, and says how far it is."""

from functools import partial

import structlog
from sqlalchemy import select

from foundation.errors import AppError
from foundation.transaction import transaction
from staff import downloads
from staff.models import Download, Member
from staff.personal.watermark import Taker
from votes.exporting.export import export_tally

log = structlog.get_logger(__name__)
KIND = "tally."
"""Before the format: the kind of a download is `tally.xlsx`."""
_HUNDRED = 100


def make_download(key: str) -> None:
    """Make the file of the download `key`, unless it is there already or nobody asked for it.

    What a person can be told ends as the download's error; anything else does too, and is raised for the queue.
    """
    wanted = _find_wanted(key)
    if wanted is None or not downloads.begin(key, _HUNDRED):
        return
    slug, file_format, taker = wanted
    try:
        made = export_tally(slug, file_format, taker, partial(downloads.progress, key))
        downloads.finish(key, made.filename, made.content)
    except AppError as error:
        log.warning("tally_download_refused", download=key, error=error.code)
        downloads.fail(key, error.message)
    except Exception:
        downloads.fail(key, "文件没有生成，请稍候重新申请；若再次失败，请联系系统维护人员。")
        raise


def _find_wanted(key: str) -> tuple[str, str, Taker] | None:
    query = (
        select(Download.subject, Download.kind, Member.display_name, Member.name)
        .join(Member, Member.id == Download.requested_by)
        .where(Download.key == key, Download.kind.startswith(KIND))
    )
    with transaction() as session:
        row = session.execute(query).one_or_none()
    return None if row is None else (row[0], row[1].removeprefix(KIND), Taker(row[2], row[3], key))
