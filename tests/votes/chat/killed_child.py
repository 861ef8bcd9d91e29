"""A process that takes one push in and is killed just before the push's transaction commits; run by a test."""

import os
import signal
import sys

from sqlalchemy import event

from app.factory import create_app
from foundation.database import db
from foundation.embedded.servers import Connections
from tests.conftest import make_settings
from tests.wechat.factories_wechat import Platform
from wechat.account import current_account


def main(database_url: str, owner_url: str, redis_url: str) -> None:
    settings = make_settings(wechat_message_mode="plain", wechat_capabilities="sub-unverified")
    app = create_app(settings, Connections(database_url, owner_url, redis_url))
    with app.app_context():
        account = current_account()
        event.listen(db.session, "before_commit", lambda _session: os.kill(os.getpid(), signal.SIGKILL))
        Platform(app.test_client(), account, now=int(account.clock().timestamp())).clear(sys.stdin.read())


if __name__ == "__main__":
    main(*sys.argv[1:])
