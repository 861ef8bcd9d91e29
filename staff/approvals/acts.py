"""What may be done with requests that wait for a second person."""

from staff.acts import declare_act
from staff.roles import DEPARTMENT, LEADERS, Role

declare_act("approvals.see", "查看审批", roles=DEPARTMENT)
declare_act("approvals.request", "提出申请", roles=DEPARTMENT)
declare_act("approvals.withdraw", "撤回申请", roles=(), own=DEPARTMENT)
declare_act("approvals.approve", "批准申请", roles=LEADERS | {Role.SUPERVISOR})
declare_act("approvals.expire", "申请过期失效", roles=())
declare_act("approvals.refuse", "退回申请", roles=LEADERS | {Role.SUPERVISOR})
