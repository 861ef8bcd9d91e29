"""What may be done with the people on the staff, and by whom."""

from flask import url_for

from staff.accounts import disable_member, enable_member
from staff.acts import ApprovedBy, declare_act
from staff.audit.wording import declare_fields, declare_kinds
from staff.people.deeds import (
    DISABLE_KEY_ROLE,
    ENABLE_KEY_ROLE,
    HAND_OVER_KEY_ROLE,
    carry_out,
    carry_out_hand_over,
    concerned_by_deed,
    facts_of_deed,
)
from staff.people.invitation_list import facts_of_invitation
from staff.people.invitations import INVITE_KEY_ROLE, admit_invited, condition_of_invitation
from staff.people.members import CHANGE_KEY_ROLE, carry_out_change, condition_of_member, facts_of_change
from staff.people.resetting import (
    LINK_KEY_ROLE,
    RESET_KEY_ROLE,
    carry_out_link,
    carry_out_reset,
    concerned_by_reset,
    condition_of_keys,
    facts_of_reset,
)
from staff.roles import LEADERS, Role

_ADMINISTRATOR = {Role.ADMINISTRATOR}
_HELPERS = LEADERS | {Role.SUPERVISOR}

declare_act("people.see", "查看人员", roles={Role.ADMINISTRATOR, Role.LEADER, Role.SUPERVISOR})
declare_act("people.add", "添加人员", roles=_ADMINISTRATOR)
declare_act("people.invite", "邀请人员", roles=_ADMINISTRATOR)
declare_act(
    INVITE_KEY_ROLE,
    "邀请系统管理员、部领导或监督员",
    roles=_ADMINISTRATOR,
    approval=ApprovedBy(
        LEADERS,
        carry_out=admit_invited,
        fingerprint=condition_of_invitation,
        consequence="批准后，申请人可以取得邀请链接，对方凭链接开通账号，立即有这个角色的全部权限。",
        facts=facts_of_invitation,
        page=lambda _key: url_for("people.invitations_page"),
    ),
)
declare_act("people.make_link", "取邀请链接", roles=_ADMINISTRATOR)
declare_act("people.withdraw_invitation", "撤回邀请", roles=_ADMINISTRATOR)
declare_act("people.accept", "接受邀请", roles=())
declare_act("people.change", "修改人员", roles=_ADMINISTRATOR)
declare_act(
    CHANGE_KEY_ROLE,
    "改变系统管理员、部领导或监督员角色",
    roles=_ADMINISTRATOR,
    approval=ApprovedBy(
        LEADERS,
        carry_out=carry_out_change,
        fingerprint=condition_of_member,
        consequence="批准后角色立即改变，这个人在各处的登录全部退出，重新登录后按新的角色办事。",
        facts=facts_of_change,
        page=lambda name: url_for("people.member_page", name=name),
    ),
)
declare_act("people.disable", "停用账号", roles=_ADMINISTRATOR)
declare_act("people.enable", "恢复账号", roles=_ADMINISTRATOR)
declare_act("people.unlock", "解除暂停登录", roles=_ADMINISTRATOR)
declare_act("people.reset_password", "重设密码（命令行）", roles=_ADMINISTRATOR)
declare_act("people.make_password_link", "发重设密码的链接", roles=_ADMINISTRATOR)
declare_act("people.use_password_link", "凭链接设新密码", roles=())
declare_act("people.reset_second_factor", "重设动态码", roles=_ADMINISTRATOR)
declare_act(
    LINK_KEY_ROLE,
    "给系统管理员、部领导或监督员发重设密码的链接",
    roles=_ADMINISTRATOR,
    approval=ApprovedBy(
        _HELPERS,
        carry_out=carry_out_link,
        fingerprint=condition_of_keys,
        consequence="批准后，申请人在24小时内可以取一个链接，谁拿到链接谁就能改这个账号的密码。"
        "请先当面或打电话核实，确实是本人要求。",
        facts=facts_of_reset,
        page=lambda name: url_for("people.member_page", name=name),
        concerned=concerned_by_reset,
    ),
)
declare_act(
    RESET_KEY_ROLE,
    "重设系统管理员、部领导或监督员的动态码",
    roles=_ADMINISTRATOR,
    approval=ApprovedBy(
        _HELPERS,
        carry_out=carry_out_reset,
        fingerprint=condition_of_keys,
        consequence="批准后，现在的动态码和恢复码立即作废，登录全部退出，下次用密码登录的人重新绑定手机。"
        "请先当面或打电话核实，确实是本人要求。",
        facts=facts_of_reset,
        page=lambda name: url_for("people.member_page", name=name),
        concerned=concerned_by_reset,
    ),
)
declare_act("people.hand_over", "办理交接", roles=_ADMINISTRATOR)
for _act, _words, _carry_out, _consequence in (
    (
        DISABLE_KEY_ROLE,
        "停用系统管理员、部领导或监督员的账号",
        carry_out(disable_member),
        "批准后，这个人立即退出登录，不能再登录，直到恢复。",
    ),
    (
        ENABLE_KEY_ROLE,
        "恢复系统管理员、部领导或监督员的账号",
        carry_out(enable_member),
        "批准后，这个人可以马上用原来的密码和动态码登录，角色和权限与停用前一样。",
    ),
    (
        HAND_OVER_KEY_ROLE,
        "给系统管理员、部领导或监督员办理交接",
        carry_out_hand_over,
        "批准后，手上的事转给接手人或撤回，账号停用，不能恢复。",
    ),
):
    declare_act(
        _act,
        _words,
        roles=_ADMINISTRATOR,
        approval=ApprovedBy(
            _HELPERS,
            carry_out=_carry_out,
            fingerprint=condition_of_member,
            consequence=_consequence,
            facts=facts_of_deed,
            page=lambda name: url_for("people.member_page", name=name),
            concerned=concerned_by_deed,
        ),
    )

declare_kinds({"people": "人员"})
declare_fields(
    {
        "display_name": "姓名",
        "role": "角色",
        "unit": "单位",
        "valid_until": "使用期限",
        "phone": "手机",
        "name": "用户名",
        "password": "密码",
        "second_factor": "动态码",
        "disabled_at": "停用",
        "left_at": "离任",
        "approved_at": "批准",
        "withdrawn_at": "撤回",
    }
)
