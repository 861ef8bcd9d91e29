"""Why a form is not taken for now."""

from foundation.errors import AppError, NotAllowed


class TooFast(AppError):
    """Too many were sent in this hour; another try makes sense after `wait` seconds."""

    status = 429
    code = "too_fast"

    def __init__(self, wait: int) -> None:
        minutes = -(-wait // 60)
        super().__init__(f"这一小时里提交的反映太多，请过{minutes}分钟再提交。还没有提交成功，填好的内容都在。")
        self.wait = wait


class StalePage(NotAllowed):
    """The form was not sent by a page of ours of today or yesterday, or the reader is somebody else now."""

    def __init__(self) -> None:
        super().__init__("这一页放得太久，或中途换了微信身份，还没有提交。填好的内容都在，请再点一次提交。")
