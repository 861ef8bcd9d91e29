"""What notices hand out: files under their own names, and pages that may lead on to the platform."""

from urllib.parse import quote, urlsplit

from flask import Response

from publicity.notices.attachments import Document
from publicity.notices.reminding import offers_reminder
from wechat.account import current_account


def allow_asking(response: Response) -> Response:
    """Let a form of this one page lead on to the platform, where a reminder is offered; browsers ask the policy."""
    if offers_reminder():
        parts = urlsplit(current_account().settings.wechat_mp_url)
        policy = response.headers["Content-Security-Policy"]
        allowed = policy.replace("form-action 'self'", f"form-action 'self' {parts.scheme}://{parts.netloc}")
        response.headers["Content-Security-Policy"] = allowed
    return response


def hand_out(document: Document) -> Response:
    """Answer with a file that is kept, never shown; browsers that read no UTF-8 get a plain name with its ending."""
    ending = document.filename.rpartition(".")[2]
    named = f"filename=\"file.{ending}\"; filename*=UTF-8''{quote(document.filename, safe='')}"
    headers = {"Content-Disposition": f"attachment; {named}"}
    return Response(document.content, content_type=document.media_type, headers=headers)
