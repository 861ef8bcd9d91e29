"""The site as the platform and a phone see it: address, certificate, callback, files, clock."""

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import requests

from wechat.account import Account
from wechat.crypto import signature_of
from wechat.doctor.findings import Finding, fault, good, hint

_WAITS = (3.0, 5.0)  # seconds, to connect and to read
CLOCK_MAY_DIFFER = 60  # seconds
_CALLBACK = "/wechat/callback"
_SERVER_PAGE = "微信公众平台“设置与开发—基本配置—服务器配置”"


def check_address(account: Account) -> Iterator[Finding]:
    """Fetch the site by its public address."""
    try:
        response = _fetch(f"{account.site}/healthz")
    except requests.exceptions.SSLError:
        yield fault(
            "网站的证书有问题",
            f"用https打不开{account.site}，微信也打不开。",
            "检查证书是不是过期、域名对不对、中间证书有没有装全",
            "可以在电脑浏览器里打开这个地址，点锁形图标看证书",
        )
        return
    except requests.RequestException:
        yield hint(
            "从服务器上打不开自己的网址",
            f"{account.site}连不上。有的机房不许服务器访问自己的公网地址，那样不要紧。",
            "用手机流量（不用单位的无线网）打开这个地址，能看到首页就没有问题",
            "打不开的，检查域名解析、防火墙的443端口和反向代理",
        )
        return
    if response.status_code == requests.codes.ok:
        yield good("网址打得开", account.site)
    else:
        yield fault(
            "网址打开后不是本系统",
            f"{account.site}/healthz回答{response.status_code}。",
            "检查反向代理是不是转到了本系统的端口，有没有加跳转或登录",
        )


def check_callback(account: Account) -> Iterator[Finding]:
    """Do what the platform does when 服务器配置 is saved."""
    echo, nonce = secrets.token_hex(8), secrets.token_hex(8)
    at = str(int(account.clock().timestamp()))
    signed = {"signature": signature_of(account.token, at, nonce), "timestamp": at, "nonce": nonce, "echostr": echo}
    try:
        response = _fetch(account.site + _CALLBACK, **signed)
    except requests.RequestException:
        return  # said already of the address
    if response.status_code == requests.codes.ok and response.text == echo:
        yield good("服务器地址（URL）验证通过", f"在{_SERVER_PAGE}里填{account.site}{_CALLBACK}")
    elif response.is_redirect:
        yield fault("服务器地址（URL）被跳转了", "微信不跟着跳转。", f"检查反向代理，不要给{_CALLBACK}加任何跳转")
    else:
        yield fault(
            "服务器地址（URL）验证不通过",
            f"按微信的办法访问{_CALLBACK}，回答是{response.status_code}。",
            "检查反向代理有没有改动网址里的参数，有没有登录、缓存或防火墙拦在前面",
            "确认这个网址后面运行的就是这一套系统（令牌相同）",
        )


def check_domain_file(account: Account) -> Iterator[Finding]:
    """Look for the files by which the platform checks that the domain is ours."""
    folder, host = account.settings.wechat_verify_files, account.settings.public_host
    where = "微信公众平台“设置与开发—账号设置—功能设置”"
    if not account.may("oauth"):
        return
    files = sorted(folder.glob("MP_verify_*.txt")) if folder is not None and folder.is_dir() else []
    if files:
        addresses = "、".join(f"{account.site}/{file.name}" for file in files)
        yield good("域名校验文件已放好", f"{addresses}。网页授权域名、JS接口安全域名都填{host}。")
        return
    yield hint(
        "没有域名校验文件",
        "设置网页授权域名时，平台要看这个文件。以前设好的域名不受影响。",
        f"{where}，点“网页授权域名”的“设置”，下载MP_verify_开头的文件",
        "放进服务器上的一个文件夹，把WECHAT_VERIFY_FILES设成这个文件夹，重新启动服务",
        f"回到平台，域名填{host}（不带https://），点“保存”；再用同样的办法设“JS接口安全域名”",
        "找不到“网页授权域名”的，这个公众号没有网页授权：把WECHAT_CAPABILITIES改为sub-verified",
    )


def check_clock(account: Account) -> Iterator[Finding]:
    """Compare our clock with the platform's, by the date of any answer of its."""
    try:
        date = _fetch(account.settings.wechat_api_url.rstrip("/") + "/").headers.get("Date", "")
        theirs = parsedate_to_datetime(date)
    except (requests.RequestException, ValueError):
        return  # said by whoever asks the platform for something
    apart = round((datetime.now(UTC) - theirs).total_seconds())
    if abs(apart) <= CLOCK_MAY_DIFFER:
        yield good("服务器的时钟是准的")
        return
    yield fault(
        f"服务器的时钟{'快' if apart > 0 else '慢'}了约{abs(apart)}秒",
        "差得多了，微信的消息会被当作过期，投票的开始和结束也不准。",
        "在服务器上打开自动对时：sudo timedatectl set-ntp true，过几分钟再检查",
    )


def _fetch(url: str, **query: str) -> requests.Response:
    return requests.get(url, params=query, timeout=_WAITS, allow_redirects=False)
