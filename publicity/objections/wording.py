"""How objections are named in the trail and in the pages' sentences; pure."""

_HIDDEN = "**"


def audited(code: str) -> str:
    """Name an objection for the trail, which holds nothing of whoever raised it."""
    return f"反映件 {code}"


def mask_name(name: str) -> str:
    """Return the family name alone: 王**."""
    return name[:1] + _HIDDEN if name else ""


def mask_unit(unit: str) -> str:
    """Return the first two characters of a unit, of a short one only the first: 示例**."""
    return unit[: 2 if len(unit) > 4 else 1] + _HIDDEN if unit else ""
