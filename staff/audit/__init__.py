"""The audit trail: one row per act, in the act's own transaction, chained by hashes as it is committed."""

from staff.audit.reading import AuditLine, latest_acts
from staff.audit.recording import record

__all__ = ["AuditLine", "latest_acts", "record"]
