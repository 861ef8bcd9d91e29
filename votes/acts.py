"""What staff may do with polls, and who."""

from staff.acts import declare_act
from staff.audit.wording import declare_fields, declare_kinds
from staff.roles import DEPARTMENT, LEADERS, Role
from votes.steps import CERTIFICATION, CERTIFY, CLOSE, CLOSING, OPEN, OPENING

_OFFICE = {Role.OFFICE}
_REPORTING = {Role.OFFICE, Role.SUPERVISOR, *LEADERS}

declare_act("polls.see", "查看投票", roles=DEPARTMENT)
declare_act("polls.create", "新建投票", roles=_OFFICE)
declare_act("polls.edit", "修改投票设置", roles=_OFFICE)
declare_act("polls.edit_awards", "修改奖项", roles=_OFFICE)
declare_act(OPEN, "开启投票", roles=_OFFICE, approval=OPENING)
declare_act(CLOSE, "提前结束投票", roles=_OFFICE, approval=CLOSING)
declare_act("polls.close_on_time", "投票到时结束", roles=())
declare_act(CERTIFY, "认证投票结果", roles=_OFFICE, approval=CERTIFICATION)
declare_act("polls.edit_channels", "修改渠道", roles=_OFFICE)
declare_act("tally.download", "下载得票情况", roles=_REPORTING)

declare_act("candidates.see", "查看候选对象", roles=DEPARTMENT)
declare_act("candidates.add", "添加候选对象", roles=_OFFICE)
declare_act("candidates.edit", "修改候选对象", roles=_OFFICE)
declare_act("candidates.renumber", "修改候选对象编号", roles=_OFFICE)
declare_act("candidates.move", "调整候选对象先后", roles=_OFFICE)
declare_act("candidates.record_check", "登记同意公开、保密审查", roles=_OFFICE)
declare_act("candidates.withdraw", "登记候选对象退出", roles=_OFFICE)
declare_act("candidates.restore", "恢复退出的候选对象", roles=_OFFICE)
declare_act("candidates.change_many", "批量办理候选对象", roles=_OFFICE)
declare_act("candidates.delete", "删除候选对象", roles=_OFFICE)
declare_act("candidates.import", "导入候选对象", roles=_OFFICE)
declare_act("candidates.attach_photos", "导入候选对象照片", roles=_OFFICE)
declare_act("candidates.remove_photo", "撤下候选对象照片", roles=_OFFICE)

declare_kinds({"polls": "投票", "tally": "得票", "candidates": "候选对象"})
declare_fields(
    {
        "title": "名称",
        "opens_at": "开始时间",
        "closes_at": "结束时间",
        "period": "每个微信号投几次",
        "visibility": "得票什么时候公布",
        "candidate_order": "候选对象的先后",
        "draw_seed": "抽签号码",
        "enquiry_phone": "咨询电话",
        "supervision_phone": "监督电话",
        "followers_only": "先关注才能投票",
        "rules_text": "投票规则",
        "slug": "网址",
        "awards": "奖项",
        "name": "名称",
    },
    "polls",
)
declare_fields({"votes": "得票", "voters": "投票人数"}, "tally")
declare_fields(
    {
        "number": "编号",
        "award": "奖项",
        "name": "姓名或组织名称",
        "unit": "推荐单位",
        "post": "单位及职务",
        "brief": "简要事迹",
        "deeds": "事迹材料",
        "consented": "同意公开",
        "consented_at": "同意公开",
        "secrecy_reviewed": "保密审查",
        "secrecy_reviewed_at": "保密审查",
        "place_in_list": "先后",
        "withdrawn_at": "退出",
        "photo": "照片",
        "thumbnail": "小照片",
    },
    "candidates",
)
