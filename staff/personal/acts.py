"""What may be done with personal data and how long it is kept, and who."""

from staff.acts import declare_act
from staff.personal.holds import HOLD, HOLDING, LIFT, LIFTING
from staff.roles import Role

_ADMINISTRATOR = {Role.ADMINISTRATOR}

declare_act("personal.reveal", "查看隐藏的个人信息", roles={Role.ADMINISTRATOR, Role.LEADER, Role.OFFICE})
declare_act("retention.see", "查看数据保留", roles={Role.ADMINISTRATOR, Role.LEADER, Role.SUPERVISOR})
declare_act("retention.run", "清理到期数据", roles=_ADMINISTRATOR)
declare_act("retention.erase", "删除到期数据", roles=())
declare_act(HOLD, "保全数据", roles=_ADMINISTRATOR, approval=HOLDING)
declare_act(LIFT, "解除保全", roles=_ADMINISTRATOR, approval=LIFTING)
