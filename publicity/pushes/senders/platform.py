"""Pushes that are one job of the platform's: a mass message, an article published, an article laid among the drafts."""

from publicity.notices.reading import public_notice
from publicity.pushes.channels import Audience, Channel
from publicity.pushes.contents import is_article
from publicity.pushes.laying import lay_article
from publicity.pushes.standing import Standing
from wechat.sending.ledger import Job
from wechat.sending.mass import MassArticles, MassContent, MassText, send_to_all, send_to_tag
from wechat.sending.publishing import publish


def job_key(push: str) -> str:
    """Return the key in the account's ledger of the job that a push is."""
    return f"push-{push}"


def hand_over(push: Standing) -> Job:
    """Have the platform send it, once however often this is called; not to be called inside a transaction.

    Raises what the platform's sending raises: WeChatError, OutcomeUnknown, InvalidInput.
    """
    if push.channel == Channel.DRAFT:
        return _lay(push, job_key(push.key))
    if push.channel == Channel.PUBLICATION:
        return publish(job_key(push.key), _laid(push))
    content: MassContent = MassText(str(push.content.get("text", "")))
    if is_article(push.channel, push.content):
        content = MassArticles(_laid(push))
    if push.audience == Audience.ALL:
        return send_to_all(job_key(push.key), content)
    return send_to_tag(job_key(push.key), push.tag_number or 0, content)


def _laid(push: Standing) -> str:
    return str(_lay(push, f"{job_key(push.key)}-draft").number)


def _lay(push: Standing, key: str) -> Job:
    return lay_article(key, public_notice(push.notice_key, push.version_number), push.content)
