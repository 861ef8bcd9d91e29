"""A listener of its own for the admin API, on loopback, in the process that holds the platform's memory."""

import logging
import threading

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

HOST = "127.0.0.1"
log = logging.getLogger(__name__)


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: the lines would stand between the service's own."""


def listen(admin: Flask, port: int) -> BaseWSGIServer | None:
    """Serve the admin API from a thread until the server given back is shut down; None where the port is taken."""
    try:
        server = make_server(HOST, port, admin, threaded=True, request_handler=_Quiet)
    except (OSError, SystemExit):
        log.warning("the sandbox's admin API does not listen: port %d is taken", port)
        return None
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    return server
