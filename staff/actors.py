"""Whoever acts, as a plain value that use cases take and the audit trail keeps."""

from dataclasses import dataclass, replace

from staff.roles import Role


@dataclass(frozen=True, slots=True)
class Actor:
    """A member of staff (or the system itself), with the request the act came in.

    `asked_by` names who asked for what this actor approved, where an act takes two people.
    """

    name: str
    display_name: str
    member_id: int | None = None
    network: str | None = None
    request_id: str | None = None
    role: Role | None = None
    unit: str | None = None
    asked_by: str | None = None


@dataclass(frozen=True, slots=True)
class Consent:
    """Two people behind one act: who asked for it and who approved. A use case that takes it needs both."""

    requester: Actor
    approver: Actor

    @property
    def actor(self) -> Actor:
        """Return who the trail names for the act: the approver, at the requester's wish."""
        return replace(self.approver, asked_by=self.requester.name)


SYSTEM = Actor("system", "系统")
COMMAND_LINE = Actor("command line", "命令行")
UNKNOWN = Actor("unknown", "未知")
NOT_MEMBERS = {actor.name: actor.display_name for actor in (SYSTEM, COMMAND_LINE, UNKNOWN)}
