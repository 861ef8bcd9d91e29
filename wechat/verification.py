"""The files by which the platform checks that a domain is ours: MP_verify_<name>.txt at the root."""

import re

from foundation.errors import NotFound
from wechat.account import current_account

_NAME = re.compile(r"[A-Za-z0-9]{1,64}")
_MOST_BYTES = 4096


def verification_file(name: str) -> bytes:
    """Return the content of ``MP_verify_<name>.txt`` from WECHAT_VERIFY_FILES; raises NotFound."""
    folder = current_account().settings.wechat_verify_files
    if folder is not None and _NAME.fullmatch(name):
        path = folder / f"MP_verify_{name}.txt"
        if path.is_file():
            return path.read_bytes()[:_MOST_BYTES]
    raise NotFound("没有这个文件。")
