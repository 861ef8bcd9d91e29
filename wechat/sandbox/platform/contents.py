"""The API's table of contents: every path there is."""

from collections.abc import Mapping

from wechat.sandbox.platform import (
    articles_api,
    base_api,
    customer_api,
    mass_api,
    media_api,
    menu_api,
    oauth_api,
    qrcode_api,
    tags_api,
    template_api,
    users_api,
)
from wechat.sandbox.platform.calls import Endpoint

ENDPOINTS: Mapping[str, Endpoint] = {
    **base_api.ENDPOINTS,
    **menu_api.ENDPOINTS,
    **users_api.ENDPOINTS,
    **tags_api.ENDPOINTS,
    **customer_api.ENDPOINTS,
    **template_api.ENDPOINTS,
    **mass_api.ENDPOINTS,
    **articles_api.ENDPOINTS,
    **media_api.ENDPOINTS,
    **qrcode_api.ENDPOINTS,
    **oauth_api.ENDPOINTS,
}
