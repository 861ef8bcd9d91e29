"""Asking for a notice's 公示情况报告, as a download that a job makes."""

from foundation.queues import enqueue
from foundation.transaction import transaction
from publicity.conclusion.acts import REPORT
from publicity.conclusion.jobs import KIND, make_report
from publicity.conclusion.layout import TITLE
from publicity.conclusion.report import reportable
from staff.actors import Actor
from staff.audit import record
from staff.authority import demand
from staff.downloads import DownloadStatus, offer_again, request_download

_FORMAT = "docx"


def request_report(notice_key: str, actor: Actor) -> DownloadStatus:
    """Note the wish, record it and have the file made; the download's page shows how far it is.

    Raises NotFound, Conflict for a notice without a period or not published yet, NotAllowed without a member.
    """
    with transaction() as session:
        head = reportable(session, notice_key)
        record(REPORT, f"{head.title}（{head.key}）", actor)
        download = request_download(f"{KIND}{_FORMAT}", head.key, f"{TITLE}：{head.title}（Word）", actor)
        enqueue(make_report, download.key)
        return download


def _request_again(_kind: str, subject: str, actor: Actor) -> DownloadStatus:
    demand(actor, REPORT, object=subject)
    return request_report(subject, actor)


offer_again(KIND, _request_again)
