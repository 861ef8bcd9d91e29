"""From an openid to the tag under which a ballot rests: per poll, one way, with a key kept encrypted."""

import hmac

TAG_BYTES = 16
KEY_IS_GONE = (
    "投票结束已超过190天，微信号与选票的对应关系已按规定销毁，这里查不到您的回执。留着回执编号的，仍可在“查回执”里查。"
)


def purpose_of(slug: str) -> str:
    """Return for what somebody is known who came in by a personal link to this poll."""
    return f"poll:{slug}"


def voter_tag(key: bytes, openid: str) -> bytes:
    """Return the voter's tag in one poll; without the poll's key it leads nowhere."""
    return hmac.digest(key, openid.encode(), "sha256")[:TAG_BYTES]
