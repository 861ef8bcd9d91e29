"""The platform's hosts on one port: a request under a real host name is the same as one under its path prefix."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PREFIXES = {
    "api.weixin.qq.com": "/api",
    "open.weixin.qq.com": "/open",
    "mp.weixin.qq.com": "/mp",
    "res.wx.qq.com": "/res",
    "res2.wx.qq.com": "/res",
}
SHARED = ("/static/", "/phone/", "/accounts/")


class VirtualHosts:
    """WSGI middleware that turns the Host header into the prefix; phones and their style sheet stand on every host."""

    def __init__(self, application: "WSGIApplication") -> None:
        self._application = application

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        prefix = PREFIXES.get(environ.get("HTTP_HOST", "").partition(":")[0].lower())
        path = environ.get("PATH_INFO", "")
        if prefix and not path.startswith(SHARED):
            environ["PATH_INFO"] = prefix + path
        return self._application(environ, start_response)
