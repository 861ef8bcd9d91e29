"""Talks with the account as tests write them: what somebody sends, and what they are answered."""

import itertools
from dataclasses import dataclass, field

from flask.testing import FlaskClient

from tests.wechat.factories_wechat import Platform, event_xml, fields_of, text_xml
from wechat.account import Account

VOTER = "oChat_AAAAAAAAAAAAAAAAAAAAAA"
_seconds = itertools.count()


@dataclass
class Phone:
    """Somebody who writes to the account; everything goes through signed pushes."""

    platform: Platform
    openid: str = VOTER
    heard: list[str] = field(default_factory=list)

    def says(self, *texts: str) -> str:
        """Send texts, one message each, and return the answer to the last, nothing where it has none."""
        return [self.pushes(self.written(text)) for text in texts][-1]

    def written(self, text: str, *, at: int = 0) -> str:
        """Return the message as the platform writes it, to be pushed once or more often; `at` seconds from now."""
        return text_xml(text, openid=self.openid, at=self.platform.now + at)

    def leaves(self) -> None:
        self.pushes(event_xml("unsubscribe", "", openid=self.openid, at=self.platform.now + next(_seconds)))

    def presses(self, key: str) -> str:
        return self.pushes(event_xml("CLICK", key, openid=self.openid, at=self.platform.now + next(_seconds)))

    def pushes(self, xml: str) -> str:
        response = self.platform.clear(xml)
        assert response.status_code == 200, response.text
        answer = fields_of(response.text)["Content"] if response.text != "success" else ""
        self.heard.append(answer)
        return answer


def phone_of(client: FlaskClient, account: Account, openid: str = VOTER) -> Phone:
    return Phone(Platform(client, account, now=int(account.clock().timestamp())), openid)
