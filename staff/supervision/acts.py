"""What supervision knows as acts, and whose they are."""

from staff.acts import declare_act
from staff.audit.wording import declare_fields, declare_kinds
from staff.roles import Role

_SEE = (Role.SUPERVISOR, Role.LEADER, Role.OFFICE, Role.ADMINISTRATOR)
_ANSWER = (Role.OFFICE, Role.LEADER)

declare_act("supervision.see", "查看监督", roles=_SEE)
declare_act("supervision.witness", "见证", roles=(Role.SUPERVISOR,))
declare_act("supervision.object", "提出监督意见", roles=(Role.SUPERVISOR,))
declare_act("supervision.answer", "答复监督意见", roles=_ANSWER)
declare_act("supervision.settle", "了结监督意见", roles=(Role.SUPERVISOR,))
declare_act("supervision.ask_again", "要求再次答复", roles=(Role.SUPERVISOR,))
declare_act("supervision.see_alarms", "查看告警", roles=(Role.SUPERVISOR, Role.ADMINISTRATOR))
declare_act("supervision.acknowledge", "确认告警", roles=(Role.SUPERVISOR,))

declare_kinds({"supervision": "监督"})
declare_fields(
    {
        "facts": "见证的情况",
        "remark": "说明",
        "text": "内容",
        "due_on": "答复期限",
        "seen_by": "确认人",
        "note": "处理说明",
    }
)
