"""Files handed in with an objection: how many, of which kinds and sizes; what is in them is looked into apart."""

from collections.abc import Collection, Sequence

from foundation.errors import InvalidInput
from foundation.uploads import Upload
from publicity.notices.attachments import MEDIA_TYPES, SCANS, Document, inspect, safe_name

MOST_FILES = 5
MOST_BYTES = 10 * 1024 * 1024
KINDS = frozenset(MEDIA_TYPES)
ACCEPT = ".pdf,.doc,.docx,.xls,.xlsx,.jpg,.jpeg,.png"
ACCEPT_SCANS = ".pdf,.jpg,.jpeg,.png"


def check_files(files: Sequence[Upload]) -> None:
    """Raise InvalidInput for too many files, or the first that is not taken."""
    if len(files) > MOST_FILES:
        raise InvalidInput(f"材料最多{MOST_FILES}个，请去掉一些再提交。", field="files")
    for file in files:
        _check_file(file, "files", KINDS, "PDF、Word、Excel、JPG、PNG")


def check_seal(seal: Upload | None) -> None:
    """Raise InvalidInput where there is no scan of a unit's seal, or it is no scan."""
    if seal is None:
        raise InvalidInput("以单位名义反映，请附加盖公章的扫描件或照片。", field="seal")
    _check_file(seal, "seal", SCANS, "PDF、JPG、PNG")


def look_into_files(files: Sequence[Upload]) -> tuple[Document, ...]:
    """Return the files as they are kept, pictures without their metadata; raises InvalidInput for a broken one."""
    return tuple(inspect(file, field="files") for file in files)


def look_into_seal(seal: Upload | None) -> tuple[Document, ...]:
    """Return the scan as it is kept, where there is one; raises InvalidInput for a broken one."""
    return () if seal is None else (inspect(seal, field="seal", kinds=SCANS),)


def _check_file(file: Upload, field: str, kinds: Collection[str], words: str) -> None:
    name = safe_name(file.name)
    if not file.content:
        raise InvalidInput(f"“{name}”是空文件，请重新选择。", field=field)
    if len(file.content) > MOST_BYTES:
        raise InvalidInput(f"“{name}”超过{MOST_BYTES // 1024 // 1024}MB，请压缩后再选。", field=field)
    if name.rpartition(".")[2] not in kinds:
        raise InvalidInput(f"“{name}”不能收，只收{words}。", field=field)
