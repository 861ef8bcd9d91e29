"""What may be done with objections, and who."""

from staff.acts import declare_act
from staff.audit.wording import declare_fields, declare_kinds
from staff.roles import Role

SEE, READ, FETCH = "objections.see", "objections.read", "objections.fetch"
ENTER, RAISE = "objections.enter", "objections.raise"
ACCEPT, DECLINE, HAND_OVER = "objections.accept", "objections.decline", "objections.hand_over"
EXAMINE, RESOLVE = "objections.examine", "objections.resolve"
SUMMARIES = "objections.summaries"
DECLINE_BY_RULE = "objections.decline_by_rule"
HANDLERS = frozenset({Role.OFFICE, Role.LEADER})
"""Those among whom an objection finds its handler."""

declare_act(SEE, "查看反映件", roles={*HANDLERS, Role.SUPERVISOR})
declare_act(READ, "查看反映内容", roles=HANDLERS)
declare_act(FETCH, "下载反映材料", roles=HANDLERS)
declare_act(ENTER, "登记来信来电来访", roles=HANDLERS)
declare_act(ACCEPT, "受理反映", roles=HANDLERS)
declare_act(DECLINE, "不予受理反映", roles=HANDLERS)
declare_act(HAND_OVER, "转交反映件", roles=HANDLERS)
declare_act(EXAMINE, "登记核查情况", roles=HANDLERS)
declare_act(RESOLVE, "认定反映结果", roles=HANDLERS)
declare_act(SUMMARIES, "查看反映情况说明", roles={Role.UNIT})
declare_act(RAISE, "收到反映", roles=())
declare_act(DECLINE_BY_RULE, "匿名且无线索，不予受理", roles=())

declare_kinds({"objections": "反映情况"})
declare_fields(
    {
        "state": "状态",
        "note": "说明",
        "summary": "给推荐单位的说明",
        "handler": "办理人",
        "text": "反映内容",
        "reporter": "反映人",
        "attachments": "材料",
    },
    "objections",
)
