"""What is kept of votes under way in the chat, as voters are told."""

from staff.personal.retention import Notice, declare_kept
from votes.chat.keeping import KEPT, under_way
from wechat.identity import Voter
from wechat.personal_data import Line, Part


def chat_part(voter: Voter) -> Part:
    """Return in which polls somebody has begun to vote in the chat, and never whom they chose."""
    lines = tuple(Line(title, "已选的内容加密保存", at) for title, at in under_way(voter.openid))
    note = f"投出、取消或{KEPT.total_seconds() / 3600:.0f}小时没有消息，就自动删除。" if lines else ""
    return Part("在聊天里还没投出的票", lines, note)


declare_kept(
    "votes.chat",
    "在聊天里还没投出的票",
    KEPT,
    since="最后一条消息后",
    notice=Notice(
        "在公众号聊天里投票时，还没投出的选择（加密保存）",
        "您可以分几次选，网络不好重发也只算一票；投出、取消或取消关注即删除",
        "没有人查看；工作人员也看不到",
    ),
)
