"""Variables that are missing or wrong, before the service can start: where each is found."""

from collections.abc import Iterator, Mapping

from wechat.doctor.findings import Finding, fault

_RANDOM = '在服务器上运行 python3 -c "import secrets; print(secrets.token_urlsafe(48))"，把结果填进去，另存一份'
_BASICS = "登录微信公众平台，打开“设置与开发—基本配置”（新版叫“开发接口管理”）"
_SOURCES: Mapping[str, str] = {
    "SECRET_KEY": _RANDOM,
    "FIELD_KEYS": _RANDOM,
    "PUBLIC_URL": "填网站的地址，如https://vote.example.cn：https开头，不带路径",
    "WECHAT_APPID": f"{_BASICS}，抄“开发者ID”里的AppID",
    "WECHAT_SECRET": f"{_BASICS}，“开发者密码（AppSecret）”点“重置”，只显示一次，马上抄下",
    "WECHAT_ORIGINAL_ID": "登录微信公众平台，打开“设置与开发—账号设置—账号详情”，抄“原始ID”（gh_开头）",
    "WECHAT_TOKEN": f"自己定3至32位字母和数字；{_BASICS}，在“服务器配置”的“令牌（Token）”里填同一个",
    "WECHAT_AES_KEY": f"{_BASICS}，在“服务器配置”里点EncodingAESKey旁的“随机生成”，抄43位",
    "WECHAT_PREVIOUS_AES_KEY": "填上一个EncodingAESKey（43位），没有换过就不要设",
    "WECHAT_MESSAGE_MODE": "填safe（安全模式）、compat（兼容模式）或plain（明文模式），和后台“消息加解密方式”一致",
    "WECHAT_CAPABILITIES": "填service-verified、sub-verified-gov、sub-verified或sub-unverified，见《接入公众号》",
    "EMBED_ORIGINS": "填可以嵌入投票栏的网站，如https://www.example.cn，不带路径，几个用空格隔开",
}


def explain_variables(problem: str) -> Iterator[Finding]:
    """Explain the lines of a ConfigError, each of which is a variable and what is wrong with it."""
    for line in problem.splitlines():
        name, _, wrong = line.partition(": ")
        title = f"{name}没有填" if wrong == "missing" else f"{name}填得不对"
        steps = (_SOURCES.get(name, "对照《接入公众号》第4节的表改正"), "改好后重新启动服务，再运行一次flask doctor")
        yield fault(title, "" if wrong == "missing" else wrong, *steps)
