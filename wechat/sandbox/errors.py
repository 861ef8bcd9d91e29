"""What the platform refuses: API calls by errcode, authorisations by a page, acts on the phone by a sentence."""

from collections.abc import Mapping


class ApiError(Exception):
    """An API call is answered with this errcode; the errmsg gets a rid tail, `extra` are further members."""

    def __init__(self, errcode: int, errmsg: str, extra: Mapping[str, object] | None = None) -> None:
        super().__init__(errcode, errmsg)
        self.errcode = errcode
        self.errmsg = errmsg
        self.extra = extra or {}


class AuthoriseError(Exception):
    """The authorise page refuses; code is the number shown on it, if the platform has one."""

    def __init__(self, code: int | None, sentence: str) -> None:
        super().__init__(code, sentence)
        self.code = code
        self.sentence = sentence


class PhoneError(Exception):
    """An act on the phone cannot be done; status is the HTTP status, reason a word for programs."""

    def __init__(self, status: int, reason: str, sentence: str) -> None:
        super().__init__(status, reason, sentence)
        self.status = status
        self.reason = reason
        self.sentence = sentence


class AdminError(Exception):
    """An order to the sandbox cannot be carried out; status is the HTTP status, the sentence says why."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(status, sentence)
        self.status = status
        self.sentence = sentence
