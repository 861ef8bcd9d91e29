"""What staff may do with pushes, and who."""

from publicity.pushes.composing import COMPOSE, SEND
from publicity.pushes.preview import PREVIEW
from publicity.pushes.steps import SENDING
from staff.acts import declare_act
from staff.audit.wording import declare_fields, declare_kinds
from staff.roles import DEPARTMENT, Role

SEE, CONTROL = "pushes.see", "pushes.control"

declare_act(SEE, "查看推送", roles=DEPARTMENT)
declare_act(COMPOSE, "拟定推送", roles={Role.OFFICE})
declare_act(PREVIEW, "预览推送", roles={Role.OFFICE})
declare_act(SEND, "发出推送", roles={Role.OFFICE}, approval=SENDING)
declare_act(CONTROL, "暂停、继续、取消、重发推送", roles={Role.OFFICE, Role.LEADER})

declare_kinds({"pushes": "推送"})
declare_fields(
    {"channel": "方式", "audience": "对象", "content": "内容", "starts_at": "开始时间", "state": "状态"}, "pushes"
)
