"""Whoever acts, as a plain value that use cases take and the audit trail keeps."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """A member of staff (or the system itself), with the request the act came in."""

    name: str
    display_name: str
    member_id: int | None = None
    network: str | None = None
    request_id: str | None = None


SYSTEM = Actor("system", "系统")
COMMAND_LINE = Actor("command line", "命令行")
UNKNOWN = Actor("unknown", "未知")
NOT_MEMBERS = {actor.name: actor.display_name for actor in (SYSTEM, COMMAND_LINE, UNKNOWN)}
