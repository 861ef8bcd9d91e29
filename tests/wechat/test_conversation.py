"""The service and the platform talk to each other over HTTP, encrypted, as they will in earnest."""

from tests.staff.options.factories_options import set_to
from tests.wechat.conftest import World
from wechat.followers import follows
from wechat.offers import Keyword, Offers, Way
from wechat.replies import GREETING


def test_following_asking_and_leaving(world: World) -> None:
    offers: Offers = world.app.extensions["wechat_offers"]
    before = (list(offers.keywords), list(offers.ways))
    set_to(GREETING, "您好，这里是示例评选。")
    offers.keywords[:] = [Keyword("投票", "参加评选")]
    offers.ways[:] = [lambda: [Way("2026年评选", "/polls/2026")]]
    help_text = "可以回复下面的词，也可以点底部的菜单。\n回复“投票”：参加评选"
    welcome = f"您好，这里是示例评选。\n2026年评选\n{world.site}/polls/2026\n{help_text}"

    followed = world.phone("wu", "follow")
    assert [line["text"] for line in followed["lines"] if line["speaker"] == "account"] == [welcome]
    assert (followed["push"]["outcome"], followed["push"]["encrypted"], followed["push"]["fault"]) == (
        "message",
        True,
        None,
    )
    assert follows(world.openid("wu")) is True

    for act, given in (("text", {"content": "天气"}), ("click", {"key": "NO_SUCH_KEY"})):
        said = world.phone("wu", act, **given)
        assert [line["text"] for line in said["lines"] if line["speaker"] == "account"] == [help_text]

    scanned = world.phone("wu", "scan", scene="act_7")
    assert [line["text"] for line in scanned["lines"] if line["speaker"] == "account"] == [welcome]

    left = world.phone("wu", "unfollow")
    assert (left["push"]["outcome"], left["push"]["fault"]) == ("success", None)
    assert follows(world.openid("wu")) is False
    offers.keywords[:], offers.ways[:] = before
