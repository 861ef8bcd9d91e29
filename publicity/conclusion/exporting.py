"""The report as a finished file, under the name it is saved by."""

import io

from foundation.clock import local
from publicity.conclusion.document import write
from publicity.conclusion.layout import TITLE
from publicity.conclusion.report import build_report
from staff.downloads import DownloadFile
from staff.personal.watermark import Taker


def export_report(notice_key: str, taker: Taker) -> DownloadFile:
    """Read and write the report with the mark of who takes it; raises NotFound, Conflict."""
    report = build_report(notice_key)
    content = io.BytesIO()
    write(report, content, taker.mark(report.as_of))
    name = f"{TITLE}-{notice_key[:8]}-{local(report.as_of):%Y%m%d-%H%M%S}.docx"
    return DownloadFile(name, content.getvalue())
