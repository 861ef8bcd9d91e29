"""The words by which a voter steers a vote in the chat, each as the account tells it. Pure.

A whole vote is: START, then numbers such as “1 4”, then CONFIRM; the answer to that holds the receipt's code.
"""

START = "聊天投票"
CONFIRM = "确认"
LIST, NEXT, BACK = "名单", "下一页", "上一页"
SHOW, ADD, REMOVE, ANEW, STOP, RULES = "看看", "加", "去", "重来", "取消", "规则"

TOLD = frozenset({LIST, NEXT, BACK, SHOW, ANEW, STOP, RULES})
"""What voters are told to write, beside CONFIRM and numbers."""

CONFIRMING = frozenset({CONFIRM, "确认投票", "确认提交", "确认投出"})
ALMOST_CONFIRMING = frozenset(
    (
        "确定", "提交", "投出", "好", "好的", "行", "可以", "是", "是的", "对", "对的", "ok", "同意", "没问题", "没错",
        "就这样", "完成", "选好了", "选完了", "投吧", "确认无误",
    )
)  # fmt: skip
SHOWING = frozenset({SHOW, "看", "查看", "看一下", "看一看", "看看选择", "我的选择", "已选", "我选了谁"})
LISTING = frozenset({LIST, "候选人", "候选名单", "候选人名单", "看名单", "列表"})
NEXT_PAGE = frozenset({NEXT, "下页", "翻页", "往下", "继续", "继续看"})
PAGE_BEFORE = frozenset({BACK, "上页", "前一页", "往上"})
STARTING_ANEW = frozenset({ANEW, "重新来", "重选", "重新选", "重新开始", "清空", "全部取消", "全不选"})
STOPPING = frozenset({STOP, "退出", "停止", "不投了", "不投", "算了", "结束"})
RULE_WORDS = frozenset({RULES, "投票规则", "看规则"})
EXPLAINING = frozenset({"怎么投", "怎么选", "怎么办", "怎么投票", "说明", "不会", "不懂", "不会投"})

ADDING_VERBS = (
    "我要选", "我选择", "我选", "我投", "我要投", "还要选", "还要", "再选", "再加", "再投", "选择", "选上", "加选",
    "加上", "增加", "添加", "补选", "投给", "加", "补", "选", "投", "要",
)  # fmt: skip
REMOVING_VERBS = (
    "不要选", "不要投", "不选", "不投", "不要", "去掉", "去除", "去", "删掉", "删除", "删去", "删", "减去", "减掉",
    "减", "取消选择", "取消", "撤掉", "撤",
)  # fmt: skip
