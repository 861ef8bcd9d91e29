"""Inside WeChat a page shows its card by a signature that the platform accepts; elsewhere nothing is asked."""

import requests
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PHONE, LiveSite

OPENED = "?from=singlemessage&isappinstalled=0"
SDK = "jweixin-1.6.0.js"


def admin_of(site: LiveSite) -> str:
    """The sandbox's admin API listens on the port after its own."""
    host, port = site.sandbox_url.rsplit(":", 1)
    return f"{host}:{int(port) + 1}"


def checks(site: LiveSite, path: str) -> list[tuple[str, str, list[str]]]:
    """What the platform found of the signatures of a page."""
    told = requests.get(f"{admin_of(site)}/page-checks", timeout=5).json()["checks"]
    return [
        (check["url"], check["errMsg"], sorted(check["granted"]))
        for check in told
        if check["url"].startswith(f"{site.url}{path}")
    ]


def test_the_platform_accepts_the_signature_of_a_page_as_it_was_opened(live_site: LiveSite, page: Page) -> None:
    path = f"/polls/{live_site.poll()}"
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    with page.expect_response(lambda answer: answer.url.endswith("/res/jssdk/config")):
        page.goto(f"{live_site.url}{path}{OPENED}#list")
    expect(page.get_by_role("heading", name="候选对象")).to_be_attached()
    calls = ["updateAppMessageShareData", "updateTimelineShareData"]
    [(url, verdict, granted)] = checks(live_site, path)
    assert (url.partition("#")[0] == url, verdict, granted, errors) == (True, "config:ok", calls, [])


def test_outside_wechat_the_sdk_is_not_even_loaded(live_site: LiveSite, browser: Browser) -> None:
    context = browser.new_context(viewport=PHONE)  # type: ignore[arg-type]  # a dict of the size
    asked: list[str] = []
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{live_site.url}/polls/{live_site.poll()}", wait_until="networkidle")
    context.close()
    assert [url for url in asked if SDK in url or "page-signature" in url] == []


def test_a_page_works_where_the_sdk_does_not_load(live_site: LiveSite, page: Page) -> None:
    live_site.sign_in(page)
    page.route(f"**/{SDK}", lambda route: route.abort())
    with page.expect_event("requestfailed", lambda request: request.url.endswith(SDK)):
        page.goto(f"{live_site.url}/polls/{live_site.poll()}")
    page.get_by_role("link", name="看候选对象，开始投票").click()
    expect(page.get_by_role("heading", name="候选对象")).to_be_attached()
