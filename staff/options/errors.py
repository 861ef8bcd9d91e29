"""What goes wrong when an option is set."""

from foundation.errors import Conflict, InvalidInput
from foundation.forms import InvalidFields


class Unusable(ValueError):
    """What was typed into one control is no value; `sentence` tells why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class InvalidOption(InvalidFields):
    """Fields of the form cannot be used."""


class UnconfirmedConsequence(InvalidInput):
    """The change has a consequence that nobody has confirmed yet; the message tells it."""

    def __init__(self, consequence: str) -> None:
        super().__init__(consequence, field="confirmed")


class OutdatedVersion(Conflict):
    """Somebody set the option since the form was opened; `version` is the one that holds now."""

    def __init__(self, version: int) -> None:
        super().__init__("您打开这一页以后，别人改过这项设置。您填的内容还在，请对照后决定。")
        self.version = version
