"""A child that does what it is told, good or bad; run by the tests of confinement."""

import os
import signal
import sys
import tempfile

from foundation.confined import serve


def answer(question: bytes) -> bytes:
    word, _, rest = question.partition(b" ")
    if word == b"die":
        os.abort()
    if word == b"hang":
        signal.pause()
    if word == b"eat":
        return bytes(1024 * 1024 * 1024)[:1]
    if word == b"write":
        with tempfile.TemporaryFile() as file:
            file.write(b"not allowed")
    if word == b"babble":
        sys.stdout.buffer.write(b"\xff" * 16)
    if word == b"environment":
        return "\n".join(name for name in os.environ if name != "LC_CTYPE").encode()
    return rest


if __name__ == "__main__":
    serve(answer)
