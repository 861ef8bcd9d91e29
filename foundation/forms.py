"""Forms as they were typed: read without losing anything, each field told its own fault."""

from collections.abc import Callable, Mapping

from werkzeug.datastructures import MultiDict

from foundation.errors import AppError, InvalidInput

Fields = MultiDict[str, str]
MOST_DIGITS = 9


class InvalidFields(InvalidInput):
    """Several fields cannot be used; `faults` has a sentence for each, by the field's name."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        field, message = next(iter(faults.items()))
        super().__init__(message, field=field)
        self.faults = dict(faults)


def faults_of(error: AppError | None) -> dict[str, str]:
    """Return an error's sentences by field; what concerns no field stands under ""."""
    if error is None:
        return {}
    return error.faults if isinstance(error, InvalidFields) else {error.field or "": error.message}


def check_each(*checks: Callable[[], object]) -> None:
    """Run every check, and raise InvalidFields with all that was wrong at once."""
    faults: dict[str, str] = {}
    for check in checks:
        try:
            check()
        except InvalidInput as error:
            faults.setdefault(error.field or "", error.message)
    if faults:
        raise InvalidFields(faults)


def text_of(form: Fields, name: str) -> str:
    """Return what was typed, without blanks around it; browsers send CR LF."""
    return form.get(name, "").replace("\r\n", "\n").strip()


def is_whole(text: str) -> bool:
    """Tell whether `text` is a whole number of at most nine digits."""
    return text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS


def whole(text: str) -> int | None:
    """Return a whole number, None for what is none or has more than nine digits."""
    return int(text) if is_whole(text) else None


def require_tick(form: Fields) -> None:
    """Raise InvalidInput where the box that says one has understood was not ticked."""
    if not form.get("confirmed"):
        raise InvalidInput("请先勾选，表示您已核对并了解后果。", field="confirmed")
