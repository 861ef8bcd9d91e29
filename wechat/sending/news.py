"""What the platform tells of its own accord about what was sent: how jobs ended, who wants what no longer."""

from wechat.job_events import MassSent, Published, PublishedArticle, SubscriptionAnswers, TemplateSent
from wechat.messages import Push
from wechat.sending.ledger import Ending, Family, note_event
from wechat.sending.recipients import lift_refusal, mark_recipient

NUMBER_CHARACTERS = 128
LARGEST = 2**31 - 1
PUBLISHED, PUBLISHING = 0, 1


def note_news(push: Push) -> None:
    """Bring the ledger up to date with what the platform tells."""
    news = push.news
    if isinstance(news, MassSent):
        _note("mass", news.job, _mass_ending(news))
    elif isinstance(news, Published):
        if news.status == PUBLISHED or news.status > PUBLISHING:
            _note("publication", news.job, _publication_ending(news))
    elif isinstance(news, TemplateSent):
        if is_refusal(news):
            mark_recipient(push.openid, "refused")
    elif isinstance(news, SubscriptionAnswers):
        _note_answers(push.openid, news)


def addresses_of(articles: tuple[PublishedArticle, ...]) -> tuple[str, ...]:
    """Return where the articles stand, in their order."""
    return tuple(article.url for article in sorted(articles, key=lambda article: article.place))


def _mass_ending(news: MassSent) -> Ending:
    return Ending(
        "finished" if news.succeeded else "failed",
        news.status,
        total=_count(news.total),
        filtered=_count(news.filtered),
        sent=_count(news.sent),
        errors=_count(news.failed),
        addresses=addresses_of(news.articles),
    )


def _publication_ending(news: Published) -> Ending:
    return Ending(
        "finished" if news.succeeded else "failed",
        f"publish_status {news.status}",
        article_id=news.article_id[:NUMBER_CHARACTERS] or None,
        addresses=addresses_of(news.articles),
    )


def is_refusal(news: TemplateSent) -> bool:
    """Tell whether the person has switched the account's messages off."""
    # The platform is not constant about the space after the colon.
    return news.status.replace(" ", "") == "failed:userblock"


def _note_answers(openid: str, news: SubscriptionAnswers) -> None:
    for answer in news.answers:
        if answer.accepted:
            lift_refusal(openid, answer.template)
        else:
            mark_recipient(openid, "refused", answer.template)


def _note(family: Family, number: str, ending: Ending) -> None:
    if 0 < len(number) <= NUMBER_CHARACTERS:
        note_event(family, number, ending)


def _count(number: int) -> int:
    return min(number, LARGEST)
