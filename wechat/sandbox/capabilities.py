"""What kinds of accounts may do: presets, and single rights added to or taken from them."""

from functools import lru_cache

BASIC = frozenset({"material", "menu", "customer_message", "mass_tag", "once_subscription", "users", "draft", "share"})

PRESETS: dict[str, frozenset[str]] = {
    "sub-unverified": frozenset(),
    "sub-verified": BASIC,
    "sub-verified-gov": BASIC | {"oauth"},
    "service-verified": BASIC
    | {"oauth", "mass_openid", "template", "subscribe_notice", "scene_qr", "short_link", "location"},
}
RIGHTS = frozenset().union(*PRESETS.values())


@lru_cache(maxsize=64)
def read_capabilities(text: str) -> frozenset[str]:
    """Read `preset,+right,-right`; raise ValueError naming what is unknown."""
    preset, *changes = [part.strip() for part in text.split(",") if part.strip()] or [""]
    if preset not in PRESETS:
        raise ValueError(f"unknown preset {preset!r}; known: {', '.join(PRESETS)}")
    rights = set(PRESETS[preset])
    for change in changes:
        right = change.lstrip("+-")
        if right not in RIGHTS:
            raise ValueError(f"unknown right {right!r}; known: {', '.join(sorted(RIGHTS))}")
        if change.startswith("-"):
            rights.discard(right)
        else:
            rights.add(right)
    return frozenset(rights)


def is_service(text: str) -> bool:
    """Whether the account is a service account, whose mass messages are counted per follower and month."""
    return text.startswith("service")
