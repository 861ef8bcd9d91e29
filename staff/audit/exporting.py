"""Taking the trail out of the house: as a download with masked networks, or whole with a second person's word."""

from collections.abc import Sequence
from urllib.parse import urlencode

from flask import url_for

from foundation.errors import InvalidInput
from foundation.queues import enqueue
from foundation.transaction import transaction
from staff.actors import Actor, Consent
from staff.acts import Parameters
from staff.approvals.requesting import ApprovalRequest, request_approval
from staff.audit.choosing import Choice, check_choice, in_words, read_choice, written
from staff.audit.jobs import KIND, UNMASKED, make_download
from staff.audit.reading import people_in_the_trail
from staff.audit.recording import record
from staff.audit.sheets import TITLE, WRITERS
from staff.authority import demand
from staff.downloads import DownloadStatus, offer_again, request_download

EXPORT, EXPORT_UNMASKED = "audit.export", "audit.export_unmasked"
FORMAT_NAMES = {"xlsx": "Excel", "csv": "CSV"}
_LONGEST = 3_600  # seconds that a file may take
CONSEQUENCE = "批准后，系统立即为申请人生成带完整网段的操作记录；文件上写着申请人和编号，每次取走都有记录。"


def request_export(choice: Choice, file_format: str, actor: Actor) -> DownloadStatus:
    """Note the wish and have the file made, networks masked; the downloads' page shows how far it is.

    Raises InvalidInput for the choice or the format, NotAllowed without a member.
    """
    demand(actor, EXPORT, object=TITLE)
    check_choice(choice)
    _check_format(file_format)
    with transaction():
        words = _words(choice)
        record(EXPORT, words, actor)
        return _start(choice, file_format, KIND, words, actor)


def request_unmasked_export(choice: Choice, file_format: str, purpose: str, actor: Actor) -> ApprovalRequest:
    """Ask a leader for the trail with whole networks; raises InvalidInput, NotAllowed, Conflict where it waits."""
    check_choice(choice)
    _check_format(file_format)
    if not purpose.strip():
        raise InvalidInput("请写明要完整网段做什么用。", field="purpose")
    subject = f"{file_format} {written(choice)}"
    title = f"{_words(choice)}（{FORMAT_NAMES[file_format]}）"
    parameters = {"format": file_format, "choice": written(choice), "purpose": purpose.strip()}
    return request_approval(EXPORT_UNMASKED, subject, title, actor, parameters=parameters, purpose=purpose)


def carry_out_unmasked(_subject: str, parameters: Parameters, consent: Consent) -> None:
    """Have the approved file made, for the one who asked."""
    choice = read_choice(str(parameters["choice"]))
    with transaction():
        words = _words(choice)
        record(EXPORT_UNMASKED, words, consent.actor, fields=("network",), purpose=str(parameters["purpose"]))
        _start(choice, str(parameters["format"]), UNMASKED, f"{words}，完整网段", consent.requester)


def fingerprint_of(subject: str) -> str:
    """Return the subject itself: what is chosen from the trail is only ever added to."""
    return subject


def facts_of(_subject: str, parameters: Parameters) -> Sequence[tuple[str, str]]:
    """Return what whoever approves has to know."""
    choice = read_choice(str(parameters["choice"]))
    return (
        ("范围", in_words(choice, people_in_the_trail())),
        ("格式", FORMAT_NAMES[str(parameters["format"])]),
        ("网段", "完整显示"),
    )


def page_of(subject: str) -> str:
    """Return where one can look at what was chosen."""
    return f"{url_for('audit.trail')}?{urlencode(read_choice(subject.partition(' ')[2]).given)}"


def _request_again(kind: str, subject: str, actor: Actor) -> DownloadStatus:
    return request_export(read_choice(subject), kind.removeprefix(KIND), actor)


def _start(choice: Choice, file_format: str, kind: str, words: str, actor: Actor) -> DownloadStatus:
    title = f"{words}（{FORMAT_NAMES[file_format]}）"
    download = request_download(f"{kind}{file_format}", written(choice), title, actor)
    enqueue(make_download, download.key, timeout=_LONGEST)
    return download


def _check_format(file_format: str) -> None:
    if file_format not in WRITERS:
        raise InvalidInput("没有这种文件格式。", field="format")


def _words(choice: Choice) -> str:
    return f"{TITLE}：{in_words(choice, people_in_the_trail())}"


offer_again(KIND, _request_again)
