"""What staff may do with the account, and who."""

from staff.acts import declare_act
from staff.audit.wording import declare_fields, declare_kinds
from staff.roles import DEPARTMENT, Role

REFUSED, RESTORE, EXAMINE = "wechat.refused", "wechat.restore", "wechat.examine"

declare_act("wechat.see", "查看公众号设置", roles=DEPARTMENT)
declare_act("wechat.menu", "发布公众号菜单", roles={Role.OFFICE, Role.ADMINISTRATOR})
declare_act("wechat.take_over", "读取公众号原有的菜单和回复", roles={Role.OFFICE, Role.ADMINISTRATOR})
declare_act("wechat.menu_back", "放回公众号原来的菜单", roles={Role.OFFICE, Role.ADMINISTRATOR})
declare_act("wechat.sync", "同步公众号关注者名单", roles={Role.OFFICE, Role.ADMINISTRATOR})
declare_act("wechat.tags", "修改关注者标签", roles={Role.OFFICE, Role.ADMINISTRATOR})
declare_act(EXAMINE, "检查公众号的设置", roles={Role.OFFICE, Role.ADMINISTRATOR})
declare_act(RESTORE, "恢复公众号功能", roles={Role.ADMINISTRATOR})
declare_act(REFUSED, "停用微信不允许的公众号功能", roles=())

declare_fields({"reply": "自动回复", "follower": "关注者名单", "tag": "标签"}, "wechat")
declare_kinds({"wechat": "公众号"})
declare_fields({"button": "菜单", "right": "权限", "pause": "调用的暂停"}, "wechat")
