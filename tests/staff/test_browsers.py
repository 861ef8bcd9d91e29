"""What browsers are called on the account page."""

import pytest

from staff.browsers import describe_browser

CHROME = "(KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 {CHROME} Edg/126.0.0.0", "Windows 上的 Edge"),
        (f"Mozilla/5.0 (Windows NT 6.1; Win64; x64) AppleWebKit/537.36 {CHROME}", "Windows 上的 Chrome"),
        (f"Mozilla/5.0 (Windows NT 10.0; WOW64) AppleWebKit/537.36 {CHROME} 360SE", "Windows 上的 360浏览器"),
        (f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 {CHROME} UOS", "统信上的 Chrome"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", "Linux 上的 Firefox"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/17.5 Safari/605.1.15",
            "Mac 上的 Safari",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 MicroMessenger/8.0.49",
            "iPhone 上的微信",
        ),
        (f"Mozilla/5.0 (Linux; Android 14; Mobile) AppleWebKit/537.36 {CHROME}", "安卓上的 Chrome"),
        ("something else on Windows", "Windows 上的浏览器"),
        ("Werkzeug/3.1", "不认识的浏览器"),
        ("", "不认识的浏览器"),
    ],
)
def test_a_browser_is_told_in_a_few_words(user_agent: str, words: str) -> None:
    assert describe_browser(user_agent) == words
    assert len(words) <= 40
