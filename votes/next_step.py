"""What comes next for whoever runs a poll, in one sentence with the page where it is done."""

from dataclasses import dataclass

from foundation.clock import show_moment
from votes.overview import PollOverview
from votes.phases import Phase

SETTINGS, AWARDS, IMPORT = "polls_console.edit_page", "polls_console.awards_page", "imports_console.import_page"
CANDIDATES, CHANNELS = "candidates_console.candidates_page", "channels_console.channels_page"
OPENING, CERTIFYING = "polls_console.open_page", "polls_console.certify_page"
WATCHING = "polls_console.turnout_page"
_PLACES = {"settings": (SETTINGS, "去设置"), "awards": (AWARDS, "去奖项"), "candidates": (CANDIDATES, "去候选对象")}


@dataclass(frozen=True, slots=True)
class NextStep:
    """A sentence, the view of the page where it is done, and what its link says."""

    text: str
    view: str
    link: str


def next_step(poll: PollOverview) -> NextStep:
    """Say what to do next with the poll as it stands."""
    if poll.phase is Phase.DRAFT:
        return _with_draft(poll)
    opens_at, closes_at = (show_moment(at) for at in (poll.settings.opens_at, poll.settings.closes_at))
    steps = {
        Phase.NOT_OPEN: NextStep(
            f"已批准，{opens_at}自动开始。现在可以把链接和二维码准备好。", CHANNELS, "去渠道与二维码"
        ),
        Phase.OPEN: NextStep(f"正在收票，{closes_at}自动结束，不用守着。", WATCHING, "看投票进度"),
        Phase.CLOSED: NextStep("投票已结束。下一步：核对并申请认证，部领导批准后出结果。", CERTIFYING, "去核对"),
        Phase.CERTIFIED: NextStep("结果已认证。下一步：下载得票情况汇总表，打印签字。", WATCHING, "去下载"),
    }
    return steps[poll.phase]


def _with_draft(poll: PollOverview) -> NextStep:
    if not poll.awards:
        return NextStep("下一步：设奖项，每个奖项有几个名额、最多选几个。", AWARDS, "去设奖项")
    if not poll.candidates:
        return NextStep("下一步：下载表格模板，填好候选对象后导入。", IMPORT, "去导入")
    if poll.readiness.missing:
        first = poll.readiness.missing[0]
        return NextStep(f"还差{len(poll.readiness.missing)}项，先办：{first.text}", *_PLACES[first.about])
    return NextStep("都齐了。下一步：核对后申请开启，部领导批准后到时自动开始。", OPENING, "去核对")
