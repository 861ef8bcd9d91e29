"""What is done with files one has asked for."""

from staff.acts import declare_act
from staff.roles import DEPARTMENT

declare_act("downloads.see", "查看下载", roles=(), own=DEPARTMENT)
declare_act("downloads.request", "申请下载", roles=DEPARTMENT)
declare_act("downloads.fetch", "取走文件", roles=(), own=DEPARTMENT)
