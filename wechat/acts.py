"""What staff may do with the account, and who."""

from staff.acts import declare_act
from staff.audit.wording import declare_fields, declare_kinds
from staff.roles import DEPARTMENT, Role

declare_act("wechat.see", "查看公众号设置", roles=DEPARTMENT)
declare_act("wechat.menu", "发布公众号菜单", roles={Role.OFFICE, Role.ADMINISTRATOR})

declare_kinds({"wechat": "公众号"})
declare_fields({"button": "菜单"}, "wechat")
