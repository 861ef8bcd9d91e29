"""Templates of notices, and the platform's rules on the values that are put into them."""

import random
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from wechat.sandbox.errors import ApiError
from wechat.sandbox.identifiers import TOKEN_ALPHABET, random_text
from wechat.sandbox.state.chat import Notice

MOST = 25
OLD_CHARACTERS = 20
SAME_ID_LIFE = 600
HIDDEN = frozenset({"first", "remark"})
PLACE = re.compile(r"([^\n{}]*?)[:：]?\s*\{\{(\w+)\.DATA\}\}")

# A value is refused unless the whole of it fits; thing, name and const have rules of their own below.
_DAY = r"(\d{4}年\d{1,2}月\d{1,2}日|\d{4}-\d{1,2}-\d{1,2})"
_HOUR = r"(\d{1,2}:\d{2}(:\d{2})?)"
_UNTIL = r"([~—至-].{1,30})?"
FITS = {
    "number": re.compile(r"-?\d[\d.,]{0,31}"),
    "letter": re.compile(r"[A-Za-z]{1,32}"),
    "symbol": re.compile(r"[^\w\s]{1,5}"),
    "character_string": re.compile(r"[\x20-\x7e]{1,32}"),
    "time": re.compile(rf"({_DAY}|{_HOUR}|{_DAY}\s?{_HOUR}){_UNTIL}"),
    "date": re.compile(rf"{_DAY}(\s?{_HOUR})?{_UNTIL}"),
    "amount": re.compile(r"[¥$€£￥]?\d{1,10}(\.\d{1,2})?元?"),
    "phone_number": re.compile(r"[\d+\-() ]{1,17}"),
    "car_number": re.compile(r"\w{1,8}"),
    "phrase": re.compile(r"[\u4e00-\u9fff]{1,5}"),
    "name": re.compile(r"[\u4e00-\u9fff·]{1,10}|[A-Za-z .]{1,20}"),
    "thing": re.compile(r"[^\r\n]{1,20}"),
}


@dataclass(frozen=True, slots=True)
class Template:
    """A template of the account; content holds a place {{name.DATA}} per value. consts lists what a const may be."""

    template_id: str
    title: str
    content: str
    consts: Mapping[str, tuple[str, ...]]
    long_term: bool = False

    def fill(self, data: object, url: str) -> Notice:
        """The card a person gets; 47003 names the value that does not fit."""
        values = data if isinstance(data, dict) else {}
        rows = []
        for label, name in PLACE.findall(self.content):
            given = values.get(name)
            text = str(given.get("value", "")) if isinstance(given, dict) else ""
            value = self._checked(name, text)
            if name not in HIDDEN:
                rows.append((label.strip() or name, value))
        return Notice(self.template_id, self.title, tuple(rows), url)

    def _checked(self, name: str, text: str) -> str:
        kind = name.rstrip("0123456789")
        if name in HIDDEN or kind == "keyword" or kind not in (*FITS, "const"):
            return text.partition("\n")[0][:OLD_CHARACTERS]
        fits = text in self.consts.get(name, ()) if kind == "const" else bool(text and FITS[kind].fullmatch(text))
        if not fits:
            raise ApiError(47003, f"argument invalid! data.{name}.value invalid")
        return text


class Templates:
    """The templates of one kind that an account has."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._lock = threading.Lock()
        self._templates: dict[str, Template] = {}

    def add(
        self,
        title: str,
        content: str,
        *,
        template_id: str = "",
        consts: Mapping[str, tuple[str, ...]] | None = None,
        long_term: bool = False,
    ) -> Template:
        """Give the account a template; 45026 when it has 25."""
        with self._lock:
            if len(self._templates) >= MOST:
                raise ApiError(45026, "template size out of limit")
            name = template_id or random_text(self._rng, 43, TOKEN_ALPHABET)
            template = Template(name, title, content, consts or {}, long_term)
            self._templates[name] = template
            return template

    def get(self, template_id: object) -> Template:
        template = self._templates.get(template_id) if isinstance(template_id, str) else None
        if template is None:
            raise ApiError(40037, "invalid template_id")
        return template

    def delete(self, template_id: object) -> None:
        template = self.get(template_id)
        with self._lock:
            self._templates.pop(template.template_id, None)

    def all(self) -> list[Template]:
        with self._lock:
            return list(self._templates.values())


class Consents:
    """What people allowed to be sent to them: one message per accept, or for good with a long-term template."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._left: dict[tuple[str, str], int] = {}
        self._for_good: set[tuple[str, str]] = set()
        self._once: set[tuple[str, str, int]] = set()

    def accept(self, openid: str, template: Template) -> None:
        with self._lock:
            key = openid, template.template_id
            if template.long_term:
                self._for_good.add(key)
            else:
                self._left[key] = self._left.get(key, 0) + 1

    def withdraw(self, openid: str, template_id: str) -> None:
        """Switch a template's messages off, as a person does in the account's settings."""
        with self._lock:
            self._left.pop((openid, template_id), None)
            self._for_good.discard((openid, template_id))

    def spend(self, openid: str, template_id: str) -> None:
        """Use one consent; 43101 when there is none."""
        with self._lock:
            key = openid, template_id
            if key in self._for_good:
                return
            if not self._left.get(key):
                raise ApiError(43101, "user refuse to accept the msg")
            self._left[key] -= 1

    def accept_once(self, openid: str, template_id: str, scene: int) -> None:
        """Allow one message of a scene; accepting twice does not allow two."""
        with self._lock:
            self._once.add((openid, template_id, scene))

    def spend_once(self, openid: str, template_id: str, scene: int) -> None:
        with self._lock:
            key = openid, template_id, scene
            if key not in self._once:
                raise ApiError(43101, "user refuse to accept the msg")
            self._once.remove(key)


class SentOnce:
    """Template messages by the sender's own id of them: the same id for the same person brings no second message."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._sent: dict[tuple[str, str], tuple[int, float]] = {}

    def number(self, openid: str, key: object, new: Callable[[], int]) -> tuple[int, bool]:
        """Return the message's number, and whether it is new; a message without an id always is."""
        if not key:
            return new(), True
        with self._lock:
            ends = self._clock() - SAME_ID_LIFE
            self._sent = {name: told for name, told in self._sent.items() if told[1] > ends}
            before = self._sent.get((openid, str(key)))
            if before:
                return before[0], False
            number = new()
            self._sent[openid, str(key)] = number, self._clock()
            return number, True
