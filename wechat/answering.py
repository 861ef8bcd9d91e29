"""Answering in time: the platform waits five seconds, whatever happens behind the callback.

Pushes are handled on a few threads of their own. One that is not done soon goes on there, while the platform hears
`success` for it; its answer follows later.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from typing import ParamSpec, TypeVar

import structlog
from flask import Flask, current_app

from foundation.errors import Unavailable
from foundation.queues import enqueue
from wechat.inbox import StillHandled, receive
from wechat.jobs import finish_push
from wechat.late_answers import promise
from wechat.messages import Push, Reply

P = ParamSpec("P")
T = TypeVar("T")

log = structlog.get_logger(__name__)
HANDLED_WITHIN = 3.5  # seconds
PROMISED_WITHIN = 0.7  # seconds
HANDLED_AT_ONCE, PROMISED_AT_ONCE = 8, 2
STUCK_SECONDS = 1.0
_DESK = "wechat_desk"


class PushDesk:
    """The threads on which pushes are handled, and those that write promises down.

    Few of them, so that handlers that wait for somebody take neither all of the web's database connections nor, by
    having everybody else wait behind them, all of its threads.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._handling = ThreadPoolExecutor(HANDLED_AT_ONCE, "push")
        self._promising = ThreadPoolExecutor(PROMISED_AT_ONCE, "promise")
        self._begun: dict[int, float] = {}

    def handle(self, push: Push) -> Future[Reply | None]:
        return self._handling.submit(self._timed, partial(receive, push))

    def promise(self, push: Push, message: bytes) -> Future[int | None]:
        return self._promising.submit(self.inside, promise, push, message)

    def is_stuck(self) -> bool:
        """Tell whether every thread has been at one push for a while, so that waiting for one is in vain."""
        begun = tuple(self._begun.values())
        return len(begun) == HANDLED_AT_ONCE and time.monotonic() - max(begun) > STUCK_SECONDS

    def inside(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do `work` with the application at hand, and a database session of its own."""
        with self._app.app_context():
            return work(*args, **kwargs)

    def _timed(self, work: Callable[[], T]) -> T:
        me = threading.get_ident()
        self._begun[me] = time.monotonic()
        try:
            return self.inside(work)
        finally:
            self._begun.pop(me, None)


def init_answering(app: Flask) -> None:
    app.extensions[_DESK] = PushDesk(app)


def answer_in_time(push: Push, message: bytes) -> Reply | None:
    """Handle `push`, whose XML is `message`; None says nothing now. Raises Unavailable where nothing can be promised.

    What is not handled soon is promised and goes on; then the answer follows in the chat where the account may.
    """
    desk: PushDesk = current_app.extensions[_DESK]
    stuck = desk.is_stuck()
    handling = desk.handle(push)
    wait([handling], 0 if stuck else HANDLED_WITHIN)
    if handling.done() and not isinstance(handling.exception(), StillHandled):
        return handling.result()
    _leave_for_later(desk, handling, push, message)
    return None


def _leave_for_later(desk: PushDesk, handling: Future[Reply | None], push: Push, message: bytes) -> None:
    promising = desk.promise(push, message)
    promising.add_done_callback(partial(_keep, desk, handling))
    wait([promising], PROMISED_WITHIN)
    if not promising.done():
        # Without a promise the platform has to ask again.
        raise Unavailable("请稍后再试。")
    promising.result()


def _keep(desk: PushDesk, handling: Future[Reply | None], promised: Future[int | None]) -> None:
    """See to it that a promise is kept: at once where nobody has begun to handle the push, or else after that."""
    number = None if promised.exception() else promised.result()
    if number is not None:
        handling.cancel()
        handling.add_done_callback(partial(_ring, desk, number))


def _ring(desk: PushDesk, number: int, handled: Future[Reply | None]) -> None:
    """Have the promise of a push finished once its handling has ended in some way; not where others are still at it."""
    error = None if handled.cancelled() else handled.exception()
    if isinstance(error, StillHandled):
        return
    if error is not None:
        log.error("wechat_late_push_failed", kind=type(error).__name__)
    desk.inside(enqueue, finish_push, number)
