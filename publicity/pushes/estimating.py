"""How many people a push is about, as far as anybody knows before it is planned."""

from foundation.errors import AppError
from publicity.pushes.channels import TO_NOBODY, Audience, Channel
from publicity.pushes.choices import CONSENTS
from wechat.following.figures import follower_figures
from wechat.following.tags import list_tags
from wechat.sending.once import consents_of

UNKNOWN = "本站还没有关注者名单，人数不详"


def estimate_words(channel: str, audience: str, tag_number: int | None) -> str:
    """Say for how many people a push is; asks the platform for the members of a tag, and says where it is silent."""
    if channel in TO_NOBODY:
        return ""
    if channel == Channel.ONCE:
        return f"{len(consents_of(CONSENTS)):,}人"
    if audience == Audience.ALL:
        followers = follower_figures().followers
        most = "最多" if channel == Channel.CUSTOMER else "约"
        return f"{most}{followers:,}人" if followers else UNKNOWN
    try:
        found = next((tag for tag in list_tags() if tag.number == tag_number), None)
    except AppError as error:
        return f"没有读到：{error.message}"
    return "标签已不在，发不出去" if found is None else f"约{found.followers:,}人"
