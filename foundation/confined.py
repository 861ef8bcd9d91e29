"""Files from outside are parsed in a child process with bounds on memory and time: a bad file harms only itself."""

import os
import resource
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import structlog

log = structlog.get_logger(__name__)

MEMORY = 512 * 1024 * 1024  # bytes of address space
SECONDS = 10.0  # for one question
LONGEST_ANSWER = 128 * 1024 * 1024  # bytes
_PROJECT = Path(__file__).resolve().parents[1]
_LENGTH = struct.Struct(">Q")


class LostError(Exception):
    """The child died of this question, or took too long over it."""


class Confined:
    """A child process that answers one question at a time, started when asked and anew after it was lost.

    `module` is run as a program and calls `serve`. The child gets none of the service's environment.
    """

    def __init__(self, module: str, *, seconds: float = SECONDS) -> None:
        self._module = module
        self._seconds = seconds
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end()

    def ask(self, question: bytes) -> bytes:
        """Return the child's answer; raises LostError, after which the next question finds a new child."""
        child = self._child = self._child or self._start()
        overdue = threading.Event()
        timer = threading.Timer(self._seconds, _kill, (child, overdue))
        timer.start()
        try:
            answer = _exchange(child, question)
        finally:
            timer.cancel()
            timer.join()
        if answer is None or overdue.is_set():
            code = self._end()
            log.warning("confined_child_lost", module=self._module, overdue=overdue.is_set(), code=code)
        if answer is None:
            raise LostError(self._module)
        return answer

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", self._module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=_PROJECT,
            env={"PATH": os.defpath, "LANG": "C.UTF-8"},
        )

    def _end(self) -> int | None:
        child, self._child = self._child, None
        if child is None:
            return None
        child.kill()
        with child:  # closes the pipes and waits
            pass
        return child.returncode


def serve(answer: Callable[[bytes], bytes]) -> None:
    """Be the child: give up what is not needed, then answer until there are no more questions."""
    for kind, limit in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0)):
        resource.setrlimit(kind, (limit, limit))
    while (question := _read(sys.stdin.buffer)) is not None:
        _write(sys.stdout.buffer, answer(question))


def _exchange(child: subprocess.Popen[bytes], question: bytes) -> bytes | None:
    if child.stdin is None or child.stdout is None:
        raise ValueError("the child is started with pipes")
    try:
        _write(child.stdin, question)
        return _read(child.stdout)
    except OSError:
        return None


def _kill(child: subprocess.Popen[bytes], overdue: threading.Event) -> None:
    overdue.set()
    child.kill()


def _write(stream: IO[bytes], message: bytes) -> None:
    stream.write(_LENGTH.pack(len(message)) + message)
    stream.flush()


def _read(stream: IO[bytes]) -> bytes | None:
    """Return the next message, or None where the stream ends or makes no sense."""
    head = stream.read(_LENGTH.size)
    length = _LENGTH.unpack(head)[0] if len(head) == _LENGTH.size else LONGEST_ANSWER + 1
    if length > LONGEST_ANSWER:
        return None
    message = stream.read(length)
    return message if len(message) == length else None
