"""What goes wrong with a form of several fields, so that each field can be told its own fault."""

from collections.abc import Callable, Mapping

from foundation.errors import AppError, InvalidInput


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
