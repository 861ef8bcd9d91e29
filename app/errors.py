"""How errors reach a person: a page in Chinese for readers, JSON for scripts, nothing of the inside for anyone."""

import orjson
import structlog
from flask import Flask, Response, g, render_template, request
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from foundation.encryption import UndecryptableError
from foundation.errors import AppError

log = structlog.get_logger(__name__)
SENTENCES = {
    400: "这个请求不完整，请返回上一页再试。",
    403: "您不能打开这个页面。",
    404: "没有找到这个页面。",
    405: "这个页面不能这样打开。",
    413: "文件太大。",
    422: "填写的内容里有不能保存的字符，请返回上一页改正后再提交。",
    429: "操作太频繁，请稍候再试。",
    500: "系统出了差错，我们已经记录下来。您填写的内容如未提交成功，请稍后再试。",
    503: "系统暂时不能使用，请稍后再试。",
}


def init_errors(app: Flask) -> None:
    app.register_error_handler(AppError, _app_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(DBAPIError, _database_error)
    app.register_error_handler(PoolTimeout, _no_connection)
    app.register_error_handler(UndecryptableError, _undecryptable)
    app.register_error_handler(Exception, _unexpected)


def _app_error(error: AppError) -> Response:
    return _answer(error.status, error.message, code=error.code, field=error.field)


def _http_error(error: HTTPException) -> Response:
    if error.response is not None or (error.code or 500) < 400:
        return error.get_response()  # type: ignore[return-value]  # flask's own redirect
    status = error.code or 500
    response = _answer(status, None, code=error.name.lower().replace(" ", "_"))
    if isinstance(error, MethodNotAllowed):
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
    return response


def _database_error(error: DBAPIError) -> Response:
    log.error("database_error", kind=type(error.orig).__name__, request_id=g.get("request_id"))
    if error.connection_invalidated or type(error).__name__ == "OperationalError":
        return _answer(503, None, code="unavailable")
    return _unexpected(error)


def _no_connection(_error: PoolTimeout) -> Response:
    log.error("no_database_connection_free", request_id=g.get("request_id"))
    return _answer(503, None, code="unavailable")


def _undecryptable(error: UndecryptableError) -> Response:
    log.error("undecryptable", context=str(error), request_id=g.get("request_id"))
    return _answer(503, None, code="unavailable")


def _unexpected(error: Exception) -> Response:
    log.error("unexpected_error", request_id=g.get("request_id"), exc_info=error)
    return _answer(500, None, code="internal_error")


def _answer(status: int, message: str | None, *, code: str, field: str | None = None) -> Response:
    """Answer with `message`, or with the words that the page and this module have for the status."""
    if request.is_json or request.path.endswith(".json"):
        response: Response = _json_error(code, message or SENTENCES.get(status, SENTENCES[400]), field)
    else:
        home = "/console/" if request.path.startswith("/console") else "/"
        page = render_template("error.html", status=status, message=message, home=home, request_id=g.get("request_id"))
        response = Response(page)
    response.status_code = status
    if status in (429, 503):
        response.headers["Retry-After"] = "3"
    return response


def _json_error(code: str, message: str, field: str | None) -> Response:
    body = {"status": code, "error": code, "message": message, "field": field}
    return Response(orjson.dumps(body), content_type="application/json")
