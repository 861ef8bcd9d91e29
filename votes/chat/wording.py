"""What the account says to somebody who votes in the chat. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from foundation.clock import show_moment
from votes.ballot_page import shorten
from votes.chat.drafts import Changes, Draft, may_be_cast, shortage, surplus
from votes.chat.pages import MOST, first_pages, fits, name_line, pages_of
from votes.chat.sheet import Entry, Sheet, SheetAward
from votes.chat.words import ANEW, BACK, CONFIRM, LIST, NEXT, REMOVE, RULES, SHOW, START, STOP
from votes.receipts import Receipt
from votes.wording import list_numbers

_TITLE, _AWARD, _NOTE = 40, 30, 60  # characters
_NOTES, _FAULTS = 200, 200  # characters of a message that may go before the summary, and after it
_RULES = 80  # characters of the introduction that are left to the rules, however many awards there are
_MORE_RULES = f"其余规则请回复“{RULES}”。"
FORMATS = "3 5 12"
TO_CONFIRM = f"核对无误，请回复“{CONFIRM}”，才算投出。投出后不可修改。"
NOTHING_CHOSEN = f"还没有选。请发编号，例如 {FORMATS}；看名单回复“{LIST}”。"
NOT_UNDERSTOOD = (
    f"没看明白。选人请只发编号，例如 {FORMATS}，或 3-6。看名单回复“{LIST}”，看已选回复“{SHOW}”，不投了回复“{STOP}”。"
)
IN_DOUBT = f"刚才的选票已经提交，还没有收到答复，现在不能改。请回复“{CONFIRM}”查清，只会算一票。"
STOPPED = f"已停止，没有投票，刚才选的不再保留。想投时回复“{START}”。"
NO_POLL = "现在没有正在进行的投票。"
NOTHING_TO_CONFIRM = f"您还没有在聊天里选人。要投票，请回复“{START}”。"
CHANGED = f"名单刚刚有变动，这张票还没有投出，选的都还在。请稍等几秒，再回复“{CONFIRM}”。"
OVERTAKEN = f"您发出“{CONFIRM}”以后又改过，这张票还没有投出。"
UNAVAILABLE = f"服务器正忙，还没有确认投出。您选的都还在，请过一会儿再回复“{CONFIRM}”，只会算一票。"
NOT_FOLLOWING = f"这项投票只收关注者的票。请先关注本公众号，再回复“{CONFIRM}”；您选的都还在。"


def introduction(sheet: Sheet) -> str:
    """Say how to vote here, after what has to be known before the first choice."""
    last = f"，{show_moment(sheet.closes_at)}结束" if sheet.closes_at else ""
    head = f"在聊天里投票：{_title(sheet)}{last}。"
    how = (
        f"① 看名单：回复“{LIST}”，或打开网页看照片和事迹\n{sheet.address}\n"
        f"② 发编号：例如 {FORMATS}，可以分几次发\n③ 核对后回复“{CONFIRM}”，才算投出"
    )
    pages = first_pages(sheet)
    places = pages if max(pages.values(), default=1) > 1 else {}
    offers = (_award_offer(award, places.get(award.name)) for award in sheet.awards)
    awards = "\n".join(_with_room(offers, MOST - _RULES - len(head) - len(how)))
    room = MOST - sum(len(part) + 2 for part in (head, awards, how)) - len(_MORE_RULES) - 1
    return "\n\n".join(part for part in (head, "\n".join(_points(sheet, room)), awards, how) if part)


def _points(sheet: Sheet, room: int) -> list[str]:
    """Return the rules as far as they fit, without the times and limits that stand beside them anyway."""
    often = "每天" if sheet.daily else ""
    own = [line for line in _lines_of(sheet.rules) if not line.startswith("投票时间：") and "最多选" not in line]
    if not any("限投" in line for line in own):
        own.insert(0, f"每个微信号{often}限投一次，投出后不可修改。")
    kept = _with_room(own, room)
    return kept if len(kept) == len(own) else [*kept, _MORE_RULES]


def rules(sheet: Sheet) -> str:
    """Say the poll's rules; where they are longer than a message, the page has the rest."""
    lines = _lines_of(sheet.rules)
    kept = f"您选的内容加密保存，最长12小时，投出或取消即删除。规则全文和隐私说明见网页：\n{sheet.address}"
    tail = [*sheet.phones, kept]
    room = MOST - sum(len(line) + 1 for line in tail)
    return _fitting([*_with_room(lines, room), *tail])


def _lines_of(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def list_page(sheet: Sheet, page: int) -> str:
    """Return a page of the candidates, the nearest there is."""
    pages = pages_of(sheet)
    if not pages:
        return "还没有候选对象。"
    page = nearest_page(sheet, page)
    ways = [f"下一页回复“{NEXT}”"] if page < len(pages) else []
    ways += [f"上一页回复“{BACK}”"] if page > 1 else []
    place = f"第{page}页，共{len(pages)}页。" if len(pages) > 1 else ""
    jump = f"跳到某页，如“{LIST}{len(pages)}”。" if len(pages) > 2 else ""
    told = f"{place}{'，'.join(ways)}{'。' if ways else ''}{jump}"
    return _message([pages[page - 1]], "\n".join(part for part in (told, f"选人请发编号，例如 {FORMATS}。") if part))


def nearest_page(sheet: Sheet, page: int) -> int:
    """Return which page of the list is shown to whoever asks for this one."""
    return min(max(1, page), max(1, len(pages_of(sheet))))


def choices_page(sheet: Sheet, draft: Draft, page: int) -> str:
    """Return a page of what is chosen, name by name."""
    pages = pages_of(sheet.only(draft.choices))
    if not pages:
        return NOTHING_CHOSEN
    page = min(max(1, page), len(pages))
    more = f"接着看回复“{SHOW}{page + 1}”。" if page < len(pages) else f"看完了。看总数回复“{SHOW}”。"
    return _message([f"您选的（第{page}页，共{len(pages)}页）", pages[page - 1]], more)


def summary(sheet: Sheet, draft: Draft, notes: Sequence[str] = (), added: Sequence[int] = ()) -> str:
    """Return what is chosen by award, with names where one message holds them, after `notes`, and what to do next.

    Where it does not hold the names of all, it names at least those that were `added` just now.
    """
    begin, end = _with_room(notes, _NOTES), "\n\n".join(_next_steps(sheet, draft))
    if not draft.choices:
        return "\n".join([*begin, end])
    head = f"您选了{len(draft.choices)}个："
    whole = _message([*begin, head, *(_with_names(award, draft) for award in sheet.awards)], end)
    if fits(whole):
        return whole
    begin = _with_room([*([f"加上了：{_names(sheet, added)}。"] if added else []), *notes], _NOTES)
    end = f"名字太多，请回复“{SHOW}1”逐页核对。\n\n{end}"
    whole = _message([*begin, head, *(_with_numbers(award, draft) for award in sheet.awards)], end)
    if fits(whole):
        return whole
    counts = (_count(award, draft) for award in sheet.awards)
    return _message(_with_room([*begin, head, *counts], MOST - len(end) - 2), end)


def notes_of(sheet: Sheet, changes: Changes) -> list[str]:
    """Say what became of the numbers in a message where that is not what their sender expects."""
    told = {
        "没有{}，请对照名单。": _brief(changes.unknown),
        "{}已退出评选，不能选。": _names(sheet, changes.withdrawn),
        "{}写了两次，只算一次。": _brief_numbers(changes.doubled),
        "{}前面已经选过。": _brief_numbers(changes.chosen_before),
        "{}本来就没有选。": _brief_numbers(changes.never_chosen),
        "去掉了：{}。": _names(sheet, changes.removed),
    }
    return [sentence.format(what) for sentence, what in told.items() if what]


def dropped(sheet: Sheet, numbers: Sequence[int]) -> str:
    """Say that somebody who was chosen stands no longer."""
    return f"{_names(sheet, numbers)}已退出评选，已从您选的里面去掉，其他的都还在。"


def emptied(numbers: Sequence[int]) -> str:
    """Say that one begins anew, and how to have back what was chosen."""
    if not numbers:
        return NOTHING_CHOSEN
    return (
        f"已全部清空，请重新发编号。\n刚才选的是：{_brief_numbers(sorted(numbers), 400)}。想恢复，把这些编号再发一次。"
    )


def is_named(found: Sequence[Entry]) -> str:
    """Say which number somebody has whose name was written."""
    lines = [name_line(entry) for entry in found[:10]]
    numbers = " ".join(str(entry.number) for entry in found[:10] if not entry.withdrawn)
    return "\n".join([*lines, *([f"要选，请发编号：{numbers}"] if numbers else [])])


def almost(sheet: Sheet, draft: Draft) -> str:
    """Say what to write to whoever seems to agree."""
    if may_be_cast(sheet, draft):
        return f"还没有投出。要投出，请回复“{CONFIRM}”两个字。先核对，回复“{SHOW}”。"
    return summary(sheet, draft)


def received(sheet: Sheet, receipt: Receipt, site: str) -> str:
    """Say that the ballot is in."""
    again = "每天限投一次，明天可以再投。" if sheet.daily else "每个微信号限投一次，不可修改。"
    return f"投票成功，谢谢您。\n\n{_receipt(sheet.title, receipt, site)}\n\n{again}请留好回执编号，上面不显示选了谁。"


def voted_before(title: str, receipt: Receipt, site: str, *, daily: bool, discarded: bool = False) -> str:
    """Say that there is a ballot already, and its receipt again; `discarded` where other choices were under way."""
    often = "今天已经投过票了，明天可以再投。" if daily else "您已经投过票了，每个微信号限投一次。"
    unused = "刚才在这里选的没有计入。" if discarded else ""
    return f"{often}{unused}\n\n{_receipt(title, receipt, site)}"


def opens_later(title: str, at: datetime | None) -> str:
    return f"“{shorten(title, _TITLE)}”将于{show_moment(at)}开始投票。"


def closed(title: str) -> str:
    return f"“{shorten(title, _TITLE)}”已经结束，刚才选的没有投出。"


def not_begun(title: str) -> str:
    return f"“{shorten(title, _TITLE)}”现在还不能投票，您选的都还在。开始后请再回复“{CONFIRM}”。"


def too_fast(seconds: int) -> str:
    return f"操作太快了，请过{max(1, seconds)}秒再回复“{CONFIRM}”。您选的都还在。"


def which_poll(titles: Sequence[str]) -> str:
    """Ask in which of several polls somebody wants to vote."""
    lines = [f"{place} {shorten(title, _TITLE)}" for place, title in enumerate(titles, start=1)]
    ask = "请回复前面的数字，例如 1。"
    return _fitting([f"现在有{len(titles)}项投票，您要投哪一项？", *_with_room(lines, MOST - 80), ask])


def resumed(sheet: Sheet) -> str:
    return f"接着投“{_title(sheet)}”。"


def _message(lines: Iterable[str], end: str) -> str:
    return "\n".join(lines) + "\n\n" + end


def _title(sheet: Sheet) -> str:
    return shorten(sheet.title, _TITLE)


def _receipt(title: str, receipt: Receipt, site: str) -> str:
    return (
        f"{shorten(title, _TITLE)}\n回执编号：{receipt.code}\n收到时间：{show_moment(receipt.accepted_at)}\n"
        f"查这张票：{site}/receipts/{receipt.code}"
    )


def _award_offer(award: SheetAward, page: int | None) -> str:
    place = list_numbers(award.numbers) if award.numbers else ""
    numbers = f"{place}，" if place and len(place) <= 12 else ""
    least = f"至少选{award.least}{award.measure}，" if award.least else ""
    where = f"（{LIST}{page}）" if page else ""
    return f"【{shorten(award.name, _AWARD)}】{numbers}{least}最多选{award.most}{award.measure}{where}"


def _next_steps(sheet: Sheet, draft: Draft) -> Iterator[str]:
    if not draft.choices:
        yield NOTHING_CHOSEN
        return
    faults = _with_room(_faults(sheet, draft), _FAULTS)
    if faults:
        yield "\n".join(faults)
    if may_be_cast(sheet, draft):
        yield TO_CONFIRM
    last = draft.choices[-1]
    yield f"再选：直接发编号\n不选{last}号：{REMOVE} {last}\n全部重选：{ANEW}\n不投了：{STOP}"


def _faults(sheet: Sheet, draft: Draft) -> Iterator[str]:
    """Say of each award what keeps the ballot from being cast, and which choices may go: those made last."""
    for award in sheet.awards:
        more, less = surplus(draft, award), shortage(draft, award)
        name, measure = shorten(award.name, _AWARD), award.measure
        if more:
            which = f"，例如回复“{REMOVE} {' '.join(map(str, more))}”" if len(more) <= 10 else ""
            yield f"“{name}”最多选{award.most}{measure}，请去掉{len(more)}{measure}{which}。选的都还在。"
        elif less:
            yield f"“{name}”还要再选{less}{measure}，才能投出。"


def _with_names(award: SheetAward, draft: Draft) -> str:
    chosen = frozenset(draft.in_award(award))
    names = [f"{entry.number} {shorten(entry.name, _AWARD)}" for entry in award.entries if entry.number in chosen]
    return "\n".join([_count(award, draft), *(["、".join(names)] if names else [])])


def _with_numbers(award: SheetAward, draft: Draft) -> str:
    chosen = draft.in_award(award)
    return "\n".join([_count(award, draft), *([list_numbers(chosen)] if chosen else [])])


def _count(award: SheetAward, draft: Draft) -> str:
    chosen, measure = len(draft.in_award(award)), award.measure
    name = f"【{shorten(award.name, _AWARD)}】"
    if not chosen:
        return f"{name}没选，最多可选{award.most}{measure}"
    if chosen > award.most:
        return f"{name}{chosen}{measure}，多了{chosen - award.most}{measure}"
    if chosen == award.most:
        return f"{name}{chosen}{measure}，已选满"
    return f"{name}{chosen}{measure}，还可选{award.most - chosen}{measure}"


def _names(sheet: Sheet, numbers: Sequence[int]) -> str:
    entries = sheet.entries
    return _brief(
        [f"{number}号{shorten(entries[number].name, 12)}" for number in numbers if number in entries], suffix=""
    )


def _brief_numbers(numbers: Sequence[int], most: int = _NOTE) -> str:
    if not numbers:
        return ""
    whole = list_numbers(numbers)
    return whole if len(whole) <= most else _brief([str(number) for number in numbers], most=most)


def _brief(words: Sequence[str], *, suffix: str = "号", most: int = _NOTE) -> str:
    """Join words as far as `most` characters go, and say how many there are in all where they do not."""
    kept = ""
    for word in words:
        longer = f"{kept}、{word}" if kept else word
        if len(longer) > most:
            return f"{kept or word[:most]}{suffix}等{len(words)}个"
        kept = longer
    return f"{kept}{suffix}" if kept else ""


def _with_room(lines: Iterable[str], room: int) -> list[str]:
    """Return as many whole lines as fit."""
    kept: list[str] = []
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
    return kept


def _fitting(lines: Iterable[str]) -> str:
    return "\n".join(_with_room(lines, MOST + 1))
