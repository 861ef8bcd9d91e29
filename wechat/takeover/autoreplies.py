"""The automatic replies that an account had before: its greeting, its answer to anything, its keywords; pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_OTHER_KINDS = {"img": "图片", "voice": "语音", "video": "视频", "news": "图文"}


@dataclass(frozen=True, slots=True)
class FoundReply:
    """What the account said; `remark` tells what of it cannot be carried over, `text` is what can."""

    text: str
    remark: str = ""


@dataclass(frozen=True, slots=True)
class FoundWord:
    """A keyword of the account and what it answered; `whole` where the message had to be the word and nothing else."""

    word: str
    reply: FoundReply
    whole: bool


@dataclass(frozen=True, slots=True)
class FoundReplies:
    """All of them; None and empty where there were none, or they were switched off."""

    greeting: FoundReply | None
    otherwise: FoundReply | None
    words: tuple[FoundWord, ...]


def understand_replies(answer: Mapping[str, Any]) -> FoundReplies:
    """Return what get_current_autoreply_info says; what is odd in it is left out."""
    rules = _dict(answer.get("keyword_autoreply_info")).get("list")
    words = {found.word: found for rule in _dicts(rules) for found in _words(rule)}
    return FoundReplies(
        _reply(answer.get("add_friend_autoreply_info")) if answer.get("is_add_friend_reply_open") else None,
        _reply(answer.get("message_default_autoreply_info")) if answer.get("is_autoreply_open") else None,
        tuple(words.values()) if answer.get("is_autoreply_open", 1) else (),
    )


def _words(rule: Mapping[str, Any]) -> Iterator[FoundWord]:
    replies = [found for given in _dicts(rule.get("reply_list_info")) if (found := _reply(given))]
    joined = _joined(replies, at_random=rule.get("reply_mode") == "random_one")
    for given in _dicts(rule.get("keyword_list_info")):
        word = str(given.get("content") or "").strip()
        if word and joined:
            yield FoundWord(word, joined, given.get("match_mode") == "equal")


def _joined(replies: list[FoundReply], *, at_random: bool) -> FoundReply | None:
    if not replies:
        return None
    texts = [reply.text for reply in replies if reply.text]
    remarks = list(dict.fromkeys(reply.remark for reply in replies if reply.remark))
    if at_random and len(texts) > 1:
        return FoundReply(texts[0], "".join([*remarks, "原来随机回一条，这里只带第一条。"]))
    return FoundReply("\n\n".join(texts), "".join(remarks))


def _reply(given: object) -> FoundReply | None:
    kind, content = str(_dict(given).get("type") or ""), _dict(given).get("content")
    if kind == "text":
        return FoundReply(str(content or "").strip()) if content else None
    if kind == "news":
        articles = _dicts(_dict(_dict(given).get("news_info")).get("list"))
        lines = [f"{one.get('title', '')}\n{one.get('content_url', '')}".strip() for one in articles]
        text = "\n\n".join(line for line in lines if line)
        return FoundReply(text, "图文改成了标题和链接。" if text else "图文带不过来。")
    return FoundReply("", f"{_OTHER_KINDS.get(kind, '这种回复')}带不过来。") if kind else None


def _dict(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: object) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
