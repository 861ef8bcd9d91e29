"""A hundred thousand followers are fetched in hardly more memory than a thousand, and all of them are there."""

import re
import subprocess
import sys
import time
from pathlib import Path

import requests

from trials.conftest import Figure
from trials.service import Service

FEW, MANY = 1_000, 99_000
CAST = 4
MOST_MORE = 30  # megabytes: a page of ten thousand and what Python keeps of it


def fetch(service: Service) -> tuple[int, float]:
    """Fetch the list in a process of its own; returns its highest memory in megabytes and how many seconds it took."""
    begun, highest = time.monotonic(), 0
    command = (sys.executable, "-m", "flask", "wechat", "sync-followers")
    with subprocess.Popen(command, env=service.environment, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            highest = max(highest, highest_of(process.pid))
            time.sleep(0.05)
    assert process.returncode == 0
    return highest, time.monotonic() - begun


def highest_of(pid: int) -> int:
    """Return the most memory a process has had, in megabytes; what its parent had before does not count here."""
    said = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(said[1]) // 1024 if said else 0


def test_the_list_of_followers(service: Service, figure: Figure) -> None:
    service.start("sandbox")
    crowd = f"http://127.0.0.1:{service.settings.port + 2}/accounts/-/followers"
    highest = {}
    for more in (FEW, MANY):
        assert requests.post(crowd, json={"count": more}, timeout=60).status_code == 201
        highest[more], seconds = fetch(service)
    kept = service.number("SELECT count(*)::int FROM follower WHERE follows AND openid IS NOT NULL")
    service.kill("sandbox")

    assert kept == FEW + MANY + CAST
    assert highest[MANY] - highest[FEW] < MOST_MORE
    figure(f"{kept:,} in {seconds:.0f} s, {highest[MANY]} MB at most; of {FEW:,} it was {highest[FEW]} MB")
