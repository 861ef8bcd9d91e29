"""Pushes messages and events to the backend's callback: signed, in the account's mode, with the platform's retries."""

import logging
import time

from wechat.sandbox.chat import Attempt, Delivery
from wechat.sandbox.config import SandboxConfig
from wechat.sandbox.crypto import RANDOM_BYTES, MessageCipher, sign
from wechat.sandbox.identifiers import random_text
from wechat.sandbox.messages import Incoming, element
from wechat.sandbox.posting import NoConnectionError, post_xml
from wechat.sandbox.replies import Reply, ReplyReader

NO_ANSWER = Reply("unanswered", fault="no_answer")

log = logging.getLogger(__name__)


class PushEngine:
    """Delivers one account's pushes. It holds no state, and waits in the caller's thread until the end is known."""

    def __init__(self, config: SandboxConfig) -> None:
        self._config = config
        self._cipher = MessageCipher(config.aes_key, config.appid)
        self._reader = ReplyReader(config.message_mode, config.token, self._cipher)

    def deliver(self, push: Incoming) -> tuple[Delivery, Reply]:
        """Push until a whole answer comes or the tries are used up, then judge it.

        Every try has its own timestamp, nonce and signature over the same message. No answer in time, a broken
        connection and a 5xx are tried again; whatever else the backend says is its last word.
        """
        attempts: list[Attempt] = []
        reply = NO_ANSWER
        for _ in range(self._config.push_retries + 1):
            if attempts and attempts[-1].trouble != "timeout":
                time.sleep(self._config.push_pause)
            attempt, body = self._try(push)
            attempts.append(attempt)
            if attempt.status is not None and attempt.status < 500:
                reply = self._reader.read(attempt.status, body, push)
                break
        log.info("push %s: %s after %d tries, fault %s", push.kind, reply.outcome, len(attempts), reply.fault)
        return _delivery(push, reply, attempts), reply

    def _try(self, push: Incoming) -> tuple[Attempt, bytes]:
        timestamp = str(int(self._config.clock()))
        nonce = str(self._config.rng.randrange(10**8, 10**10))
        query, body = self._signed(push, timestamp, nonce)
        try:
            status, answer = post_xml(self._config.callback_url, query, body, self._config.push_timeout)
        except TimeoutError:
            return Attempt(timestamp, nonce, None, "timeout"), b""
        except NoConnectionError:
            return Attempt(timestamp, nonce, None, "connection"), b""
        return Attempt(timestamp, nonce, status), answer

    def _signed(self, push: Incoming, timestamp: str, nonce: str) -> tuple[dict[str, str], str]:
        token, mode, clear = self._config.token, self._config.message_mode, push.clear_fields()
        query = {
            "signature": sign(token, timestamp, nonce),
            "timestamp": timestamp,
            "nonce": nonce,
            "openid": push.openid,
        }
        if mode == "plain":
            return query, f"<xml>{clear}</xml>"
        random16 = random_text(self._config.rng, RANDOM_BYTES).encode()
        encrypt = self._cipher.encrypt(f"<xml>{clear}</xml>", random16)
        query |= {"encrypt_type": "aes", "msg_signature": sign(token, timestamp, nonce, encrypt)}
        beside = clear if mode == "compat" else element("ToUserName", push.to)
        return query, f"<xml>{beside}{element('Encrypt', encrypt)}</xml>"


def _delivery(push: Incoming, reply: Reply, attempts: list[Attempt]) -> Delivery:
    tries = tuple(attempts)
    return Delivery(push.kind, push.event_key, reply.outcome, reply.encrypted, reply.fault, reply.notes, tries)
