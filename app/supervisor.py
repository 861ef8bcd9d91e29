"""Runs the service's processes side by side: when one ends, says which, and ends all."""

import ctypes
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

GRACE = 10.0  # seconds a process has to finish after being asked to
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


@dataclass(frozen=True, slots=True)
class Program:
    """A process to run: the name it is known by, and its command."""

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """Which process ended first, and how: its exit code, or minus the signal that killed it (None if unknown)."""

    name: str
    code: int | None


class Supervisor:
    """Starts programs, each in a process group of its own, and watches them and servers started by others.

    Not a process manager off the shelf, because those notice their children only: here servers that run as daemons
    under another user count too, and a killed leader's own children are ended with it.
    """

    def __init__(
        self,
        programs: list[Program],
        servers: Mapping[str, int],
        environment: Mapping[str, str],
        *,
        grace: float = GRACE,
    ) -> None:
        """`servers` are process ids, by name, of servers that are not our children; `grace` is in seconds."""
        self._programs = programs
        self._grace = grace
        self._servers = servers
        self._environment = {**environment, "PYTHONUNBUFFERED": "1"}
        self._running: dict[str, subprocess.Popen[str]] = {}
        self._relays: list[threading.Thread] = []
        self._stop_reader, self._stop_writer = os.pipe()

    def request_stop(self) -> None:
        os.write(self._stop_writer, b".")

    def run(self, ready: Callable[[], object]) -> Ended | None:
        """Run until a process ends or a stop is requested; returns which ended, None after a requested stop."""
        try:
            for program in self._programs:
                self._running[program.name] = self._start(program)
            for name, process in self._running.items():
                relay = threading.Thread(target=_relay, args=(name, process), daemon=True)
                relay.start()
                self._relays.append(relay)
            watcher = threading.Thread(target=ready, daemon=True)
            watcher.start()
            return self._wait()
        finally:
            self._end_all()

    def _start(self, program: Program) -> subprocess.Popen[str]:
        return subprocess.Popen(
            program.command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            preexec_fn=_die_with_parent,  # noqa: PLW1509  # threads are started after the processes
        )

    def _wait(self) -> Ended | None:
        watched = {os.pidfd_open(process.pid): name for name, process in self._running.items()}
        try:
            for name, pid in self._servers.items():
                try:
                    watched[os.pidfd_open(pid)] = name
                except ProcessLookupError:
                    return Ended(name, None)
            readable, _, _ = select.select([self._stop_reader, *watched], [], [])
            if self._stop_reader in readable:
                return None
            name = watched[readable[0]]
            process = self._running.get(name)
            return Ended(name, process.wait() if process else None)
        finally:
            for handle in watched:
                os.close(handle)

    def _end_all(self) -> None:
        """Ask every process to finish, then end whole groups: also those whose leader was killed."""
        for process in self._running.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self._running.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(self._grace)
            _kill_group(process.pid)
            process.wait()
            if process.stdout and not self._relays:
                process.stdout.close()
        for relay in self._relays:
            relay.join(1)


def _kill_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return


def _die_with_parent() -> None:
    """Have the kernel end this process when the supervisor is killed, so that nothing is left behind."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _relay(name: str, process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None  # noqa: S101  # a pipe was asked for
    with process.stdout as lines:
        for line in lines:
            sys.stdout.write(f"{name:<10} | {line}")
            sys.stdout.flush()
