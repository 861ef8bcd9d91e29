"""What staff may do at the end of a notice, and who."""

from staff.acts import declare_act
from staff.audit.wording import declare_fields
from staff.roles import LEADERS, Role

CONCLUDE, REPORT = "notices.conclude", "notices.report"

declare_act(CONCLUDE, "结束公示", roles={Role.OFFICE, *LEADERS})
declare_act(REPORT, "下载公示情况报告", roles={Role.OFFICE, Role.SUPERVISOR, *LEADERS})
declare_fields({"open_objections": "未办结的反映"}, "notices")
