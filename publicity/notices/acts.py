"""What staff may do with notices, and who."""

from staff.acts import declare_act
from staff.audit.wording import declare_fields, declare_kinds
from staff.roles import DEPARTMENT, LEADERS, Role

SEE, DRAFT, EDIT, DROP = "notices.see", "notices.draft", "notices.edit", "notices.drop"
SUBMIT, REVIEW, ISSUE, SEND_BACK = "notices.submit", "notices.review", "notices.issue", "notices.send_back"
AMEND, MEDIA = "notices.amend", "notices.media"

_OFFICE = {Role.OFFICE}
_EXAMINERS = {Role.OFFICE, *LEADERS}

declare_act(SEE, "查看公示与公告", roles=DEPARTMENT)
declare_act(DRAFT, "起草公示或公告", roles=_OFFICE)
declare_act(EDIT, "修改公示稿", roles=_OFFICE)
declare_act(DROP, "作废公示稿", roles=_OFFICE)
declare_act(SUBMIT, "提交公示稿", roles=_OFFICE)
declare_act(REVIEW, "审核公示稿", roles=_EXAMINERS)
declare_act(ISSUE, "签发公示", roles=LEADERS)
declare_act(SEND_BACK, "退回公示稿", roles=_EXAMINERS)
declare_act(AMEND, "变更已发布的公示", roles=_OFFICE)
declare_act(MEDIA, "登记公示的其他刊登情况", roles=_OFFICE)

declare_kinds({"notices": "公示"})
declare_fields(
    {
        "title": "标题",
        "body": "正文",
        "subjects": "名单",
        "working_days": "公示期",
        "office": "受理单位",
        "attachments": "附件",
        "state": "进度",
        "change": "变更的种类",
        "media": "刊登情况",
    },
    "notices",
)
