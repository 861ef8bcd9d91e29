"""What may be done with the audit trail, and by whom."""

from staff.acts import ApprovedBy, declare_act
from staff.audit.checking import VERIFY
from staff.audit.exporting import (
    CONSEQUENCE,
    EXPORT,
    EXPORT_UNMASKED,
    carry_out_unmasked,
    facts_of,
    fingerprint_of,
    page_of,
)
from staff.audit.wording import declare_fields, declare_kinds
from staff.roles import LEADERS, Role

READERS = frozenset({Role.ADMINISTRATOR, Role.LEADER, Role.SUPERVISOR})
KEEPERS = frozenset({Role.ADMINISTRATOR, Role.SUPERVISOR})

declare_act("audit.see", "查看操作记录", roles=READERS)
declare_act(EXPORT, "导出操作记录", roles=READERS)
declare_act(VERIFY, "核对操作记录", roles=KEEPERS)
declare_act(
    EXPORT_UNMASKED,
    "导出带完整网段的操作记录",
    roles=KEEPERS,
    approval=ApprovedBy(
        LEADERS, carry_out_unmasked, fingerprint_of, consequence=CONSEQUENCE, facts=facts_of, page=page_of
    ),
)
declare_kinds({"audit": "操作记录", "approvals": "审批", "desk": "今日", "downloads": "下载", "staff": "登录"})
declare_kinds({"personal": "个人信息", "retention": "数据保留"})
declare_fields({"network": "网段", "state": "状态", "recovery_codes": "恢复码", "ended_at": "结束"})
declare_fields({"code": "动态码", "recovery_code": "恢复码"}, "staff")
