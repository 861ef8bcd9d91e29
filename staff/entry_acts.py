"""What is done at the door: coming in, going out, and one's own keys."""

from staff.acts import declare_act
from staff.roles import EVERYBODY

declare_act("staff.sign_in", "登录", roles=())
declare_act("staff.demo_sign_in", "登录（演示）", roles=())
declare_act("staff.lock", "输错太多，暂停登录", roles=())
declare_act("staff.try_while_locked", "暂停期间尝试登录", roles=())
declare_act("staff.prove", "核对密码", roles=())
declare_act("staff.second_step", "核对动态码", roles=EVERYBODY)
declare_act("staff.sign_out", "退出", roles=EVERYBODY)
declare_act("staff.account", "查看自己的账号", roles=EVERYBODY)
declare_act("staff.password", "修改密码", roles=EVERYBODY)
declare_act("staff.second_factor", "设置动态码", roles=EVERYBODY)
declare_act("staff.recovery_codes", "生成恢复码", roles=EVERYBODY)
declare_act("staff.sessions", "退出自己的登录", roles=(), own=EVERYBODY)
