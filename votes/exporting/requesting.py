"""Asking for a poll's tally: as a download that a job makes, or at once for the command line."""

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.errors import Conflict, NotFound
from foundation.ids import random_id
from foundation.queues import enqueue
from foundation.transaction import transaction
from staff.actors import Actor
from staff.audit import record
from staff.authority import demand
from staff.downloads import DownloadStatus, offer_again, request_download
from staff.personal.watermark import Taker
from votes.exporting.export import ExportedTally, export_tally
from votes.exporting.formats import FORMAT_NAMES, writer_of
from votes.exporting.jobs import KIND, make_download
from votes.exporting.report import may_show_votes
from votes.models import Poll

ACT = "tally.download"


def request_tally(poll_slug: str, file_format: str, actor: Actor) -> DownloadStatus:
    """Note the wish, record it and have the file made; the download's page shows how far it is.

    Raises NotFound, InvalidInput for the format, Conflict for a draft, NotAllowed without a member.
    """
    writer_of(file_format)
    with transaction() as session:
        poll = _record_wish(session, poll_slug, actor)
        what = "得票情况" if may_show_votes(poll) else "投票人数"
        title = f"{poll.title}　{what}（{FORMAT_NAMES[file_format]}）"
        download = request_download(f"{KIND}{file_format}", poll.slug, title, actor)
        enqueue(make_download, download.key)
        return download


def export_tally_as(poll_slug: str, file_format: str, actor: Actor) -> ExportedTally:
    """Record the act, then return the file; raises what `request_tally` and `export_tally` raise.

    The number in the file's mark is the request id of the line in the trail.
    """
    writer_of(file_format)
    key = random_id()
    with transaction() as session:
        _record_wish(session, poll_slug, replace(actor, request_id=key))
    return export_tally(poll_slug, file_format, Taker(actor.display_name, actor.name, key))


def _request_again(kind: str, subject: str, actor: Actor) -> DownloadStatus:
    demand(actor, ACT, object=subject)
    return request_tally(subject, kind.removeprefix(KIND), actor)


def _record_wish(session: Session, poll_slug: str, actor: Actor) -> Poll:
    poll = session.scalar(select(Poll).where(Poll.slug == poll_slug))
    if poll is None:
        raise NotFound("没有这项投票。")
    if poll.state == "draft":
        raise Conflict("投票还没有开放，没有可以下载的统计。")
    record(ACT, poll.slug, actor, fields=("votes" if may_show_votes(poll) else "voters",))
    return poll


offer_again(KIND, _request_again)
