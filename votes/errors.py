"""What goes wrong with a form of several fields, so that each field can be told its own fault."""

from collections.abc import Mapping

from foundation.errors import InvalidInput


class InvalidFields(InvalidInput):
    """Several fields cannot be used; `faults` has a sentence for each, by the field's name."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        field, message = next(iter(faults.items()))
        super().__init__(message, field=field)
        self.faults = dict(faults)
