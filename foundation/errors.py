"""The errors that use cases raise and that ways in turn into answers."""


class AppError(Exception):
    """Something a person can be told: a sentence in Chinese, the field it concerns, an HTTP status."""

    status = 400
    code = "error"

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class InvalidInput(AppError):
    """What was entered cannot be used; `field` names where."""

    status = 422
    code = "invalid"


class NotFound(AppError):
    """There is no such thing, or not for this reader."""

    status = 404
    code = "not_found"


class NotAllowed(AppError):
    """The thing exists and this person may not do it."""

    status = 403
    code = "not_allowed"


class Conflict(AppError):
    """The thing is no longer, or not yet, in a state where this can be done."""

    status = 409
    code = "conflict"


class Unavailable(AppError):
    """A part that is needed does not answer; trying again later is right."""

    status = 503
    code = "unavailable"
