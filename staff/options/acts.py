"""What staff may do with options, and who."""

from staff.acts import declare_act
from staff.audit.wording import declare_kinds
from staff.roles import LEADERS, Role

SEE = "options.see"
TEXTS, MENU, CALENDAR, LIMITS = "options.texts", "options.menu", "options.calendar", "options.limits"
PUBLICITY = "options.publicity"
_EDITORS = {Role.OFFICE, Role.ADMINISTRATOR}

declare_act(SEE, "查看设置", roles={Role.ADMINISTRATOR, Role.LEADER, Role.OFFICE, Role.SUPERVISOR})
declare_act(TEXTS, "修改公众号和首页的文字", roles=_EDITORS)
declare_act(MENU, "修改公众号菜单", roles=_EDITORS)
declare_act(CALENDAR, "修改工作日历", roles=_EDITORS)
declare_act(PUBLICITY, "修改公示的设置", roles={Role.ADMINISTRATOR, *LEADERS})
declare_act(LIMITS, "修改限流", roles={Role.ADMINISTRATOR})
declare_kinds({"options": "设置"})
