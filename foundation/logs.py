"""Logs as JSON lines with a request id: never an openid, a query string or a name."""

import logging
import secrets
import sys
import time
import traceback

import structlog
from flask import Flask, Response, g, request

log = structlog.get_logger("request")
SLOW_SECONDS = 1.0


def _frames(exc_info: structlog.typing.ExcInfo) -> str:
    """Write where an error happened and its kind; its message may quote what somebody typed, or a row."""
    lines: list[str] = []
    told: list[BaseException] = []
    error: BaseException | None = exc_info[1]
    while error is not None and error not in told:
        told.append(error)
        lines += [f"{type(error).__module__}.{type(error).__qualname__}\n", *traceback.format_tb(error.__traceback__)]
        error = error.__cause__ or error.__context__
    return "".join(lines)


def configure_logs() -> None:
    """Send our own and the libraries' lines through one JSON renderer to standard error."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(_frames),
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(ensure_ascii=False)],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
            foreign_pre_chain=shared,
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def init_logs(app: Flask) -> None:
    """Give every request an id and write a line for those that failed or were slow."""

    @app.before_request
    def begin() -> None:
        g.request_id = secrets.token_hex(8)
        g.started = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.get("request_id", "")
        seconds = time.perf_counter() - g.get("started", time.perf_counter())
        if response.status_code >= 500 or seconds > SLOW_SECONDS:
            rule = request.url_rule.rule if request.url_rule else "unmatched"
            log.warning(
                "answered",
                request_id=g.get("request_id"),
                method=request.method,
                route=rule,
                status=response.status_code,
                milliseconds=round(seconds * 1000),
            )
        return response
