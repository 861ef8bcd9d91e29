"""Files by their content: kept once, found by digest, private ones encrypted."""

import hashlib
import stat
from pathlib import Path

import pytest

from foundation.encryption import FieldCipher, UndecryptableError
from foundation.errors import NotFound
from foundation.files import FileStore

PHOTO = "照片".encode() * 100
DIGEST = hashlib.sha256(PHOTO).hexdigest()
OLD, NEW = "an old key, long enough to be one!!", "a new key, long enough to be one!!"
CIPHER = FieldCipher((NEW, OLD))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "files"


@pytest.fixture
def store(root: Path) -> FileStore:
    return FileStore(root)


def kept(root: Path) -> dict[str, list[str]]:
    return {folder.name: sorted(path.name for path in folder.iterdir()) for folder in root.iterdir()}


def test_a_public_file_is_found_by_the_digest_of_its_content(store: FileStore) -> None:
    assert store.add_public(PHOTO) == DIGEST
    assert store.public_path(DIGEST).read_bytes() == PHOTO


def test_the_same_content_is_kept_once(store: FileStore, root: Path) -> None:
    assert [store.add_public(PHOTO), store.add_public(PHOTO)] == [DIGEST, DIGEST]
    assert kept(root) == {"public": [DIGEST], "private": []}


def test_a_private_file_rests_encrypted_and_reads_plain(store: FileStore, root: Path) -> None:
    assert store.add_private(PHOTO, CIPHER) == DIGEST

    assert PHOTO[:20] not in (root / "private" / DIGEST).read_bytes()
    assert store.read_private(DIGEST, CIPHER) == PHOTO


def test_folders_and_files_are_the_services_alone(store: FileStore, root: Path) -> None:
    store.add_public(PHOTO)
    store.add_private(PHOTO, CIPHER)

    modes = {path.relative_to(root).parts[0]: stat.S_IMODE(path.stat().st_mode) for path in root.glob("*")}
    file_modes = {stat.S_IMODE(path.stat().st_mode) for path in root.glob("*/*")}
    assert (modes, file_modes) == ({"public": 0o700, "private": 0o700}, {0o600})


def test_a_private_file_put_in_the_place_of_another_is_refused(store: FileStore, root: Path) -> None:
    other = store.add_private(b"another", CIPHER)
    store.add_private(PHOTO, CIPHER)
    (root / "private" / other).rename(root / "private" / DIGEST)

    with pytest.raises(UndecryptableError):
        store.read_private(DIGEST, CIPHER)


@pytest.mark.parametrize(
    "name", ["", "0" * 64, "../private", f"../private/{DIGEST}", DIGEST[:-1], DIGEST + "0", "." * 64, "/" * 64]
)
def test_what_is_not_there_is_not_found(store: FileStore, name: str) -> None:
    store.add_private(PHOTO, CIPHER)

    with pytest.raises(NotFound, match="没有这个文件"):
        store.public_path(name)


def test_a_public_name_does_not_open_a_private_file(store: FileStore) -> None:
    store.add_public(PHOTO)

    with pytest.raises(NotFound):
        store.read_private(DIGEST, CIPHER)


def test_rotation_writes_anew_what_older_keys_wrote_and_nothing_else(store: FileStore, root: Path) -> None:
    store.add_private(PHOTO, FieldCipher((OLD,)))
    newer = store.add_private(b"newer", CIPHER)
    untouched = (root / "private" / newer).read_bytes()
    (root / "private" / "left-by-a-crash").write_bytes(b"half a file")

    assert [store.rotate_private(CIPHER), store.rotate_private(CIPHER)] == [1, 0]

    only_new = FieldCipher((NEW,))
    assert (store.read_private(DIGEST, only_new), store.read_private(newer, only_new)) == (PHOTO, b"newer")
    assert (root / "private" / newer).read_bytes() == untouched


def test_a_removed_file_is_gone_and_removing_it_again_is_nothing(store: FileStore) -> None:
    store.add_private(PHOTO, CIPHER)

    store.remove_private(DIGEST)
    store.remove_private(DIGEST)

    with pytest.raises(NotFound):
        store.read_private(DIGEST, CIPHER)
