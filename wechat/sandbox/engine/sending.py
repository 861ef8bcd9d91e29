"""What becomes of a mass message or a publication after it was accepted, by the platform's clock."""

from wechat.sandbox.engine.job_events import mass_finished, publication_finished
from wechat.sandbox.errors import AdminError
from wechat.sandbox.state.account import Account
from wechat.sandbox.state.articles import Publication, PublishStatus
from wechat.sandbox.state.mass import CONFIRM_WITHIN, MassJob

REFUSED, SILENT = "err(40001)", "err(40002)"


def carry_out(account: Account, job: MassJob) -> None:
    """Send soon, or wait for the account's administrator where it is set so."""
    if account.config.mass_confirmation:
        job.state = "waiting"
        account.schedule.later(CONFIRM_WITHIN, _give_up, account, job)
    else:
        account.schedule.later(account.config.job_delay, _send, account, job)


def confirm(account: Account, msg_id: int, allow: bool) -> MassJob:
    """The administrator's word on a waiting message."""
    job = account.mass.job(msg_id)
    if job.state != "waiting":
        raise AdminError(409, "this message does not wait for a confirmation")
    if allow:
        job.state = "SENDING"
        account.schedule.later(account.config.job_delay, _send, account, job)
    else:
        _fail(account, job, REFUSED)
    return job


def publish_soon(account: Account, publication: Publication, status: PublishStatus = 0) -> None:
    account.schedule.later(account.config.job_delay, _publish, account, publication.publish_id, status)


def _send(account: Account, job: MassJob) -> None:
    job.total = len(job.recipients)
    reached = account.mass.reached(job, account.config.is_service)
    account.outbox.broadcast(job.msg_id, reached, job.content)
    job.sent, job.recipients = len(reached), ()
    job.state, job.status = "SEND_SUCCESS", "send success"
    account.tell(mass_finished(account.config, account.clock, job))


def _give_up(account: Account, job: MassJob) -> None:
    if job.state == "waiting":
        _fail(account, job, SILENT)


def _fail(account: Account, job: MassJob, status: str) -> None:
    job.total, job.recipients = len(job.recipients), ()
    job.state, job.status = "SEND_FAIL", status
    account.tell(mass_finished(account.config, account.clock, job))


def _publish(account: Account, publish_id: str, status: PublishStatus) -> None:
    publication = account.articles.finish(publish_id, status)
    account.tell(publication_finished(account.config, account.clock, publication))
