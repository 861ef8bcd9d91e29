"""`make bench`: rounds of anchor and subject taken in turns; a table on the terminal, JSON in a file.

Modes given as arguments (ballot, page, naive) limit it to these; BENCH_ROUNDS says how many rounds.
"""

import json
import os
import secrets
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

import psycopg
from flask import Flask

from benchmarks.service import installation, serving
from config import Settings
from foundation.database import libpq_url
from foundation.embedded.servers import Running
from tests.factories import make_poll
from votes.csrf import page_token
from wechat.account import current_account

SLUG = "bench"
CONNECTIONS, THREADS = 64, 2
VOTERS = 40_000  # more than any round can use
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
AWARDS = (("十佳基层党组织", 15, 10), ("十佳共产党员", 15, 10), ("优秀共产党员", 150, 100))
CHOICES = [*range(1, 11), *range(16, 26), *range(31, 131)]
REPORT = Path("bench.json")


@dataclass(frozen=True)
class Subject:
    """Something to measure: which answer is right, and for how many seconds of how many requests are sent.

    The rest of the time is for the last answers to come in.
    """

    name: str
    mode: str
    path: str
    answer: int = 201
    sending: float = 3.0
    seconds: int = 4


@dataclass(frozen=True)
class Sample:
    """One round of one subject."""

    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_us_web: float
    cpu_us_store: float


SUBJECTS = (
    Subject("accepted ballot", "ballot", f"/polls/{SLUG}/ballots"),
    Subject("ballot page", "page", f"/polls/{SLUG}", answer=200),
    Subject("naive design", "naive", "/naive", seconds=16),
)
CHOSEN = [subject for subject in SUBJECTS if not sys.argv[1:] or subject.mode in sys.argv[1:]]
HELLO = Subject("hello", "hello", "/hello")


def main() -> None:
    """Measure every subject against the anchor and print the ratios."""
    if shutil.which("wrk") is None:
        _install_wrk()
    with installation() as place:
        with place.app.app_context():
            make_poll(SLUG, awards=AWARDS, closes_in=timedelta(days=1))
        with serving(place) as web:
            results = _rounds(place.app, place.settings, Bench(place.folder, web, place.running))
    _report(results)


@dataclass(frozen=True)
class Bench:
    """Where the voters' cookies lie, and the processes whose CPU time is read."""

    folder: Path
    web: int
    running: Running


def _rounds(app: Flask, settings: Settings, bench: Bench) -> dict[str, list[tuple[Sample, Sample]]]:
    results: dict[str, list[tuple[Sample, Sample]]] = {subject.name: [] for subject in CHOSEN}
    for subject in (HELLO, *CHOSEN):
        _run(app, settings, bench, subject)  # warm
    for number in range(ROUNDS):
        for subject in CHOSEN:
            anchor = _run(app, settings, bench, HELLO)
            results[subject.name].append((anchor, _run(app, settings, bench, subject)))
        print(f"round {number + 1} of {ROUNDS}", file=sys.stderr)
    return results


def _run(app: Flask, settings: Settings, bench: Bench, subject: Subject) -> Sample:
    """Send one round with fresh voters; fails unless every answer was right and every accepted ballot is stored."""
    voters = bench.folder / "voters"
    _write_voters(app, voters, VOTERS)
    stored = _ballots(bench)
    web, store = _cpu(bench.web), sum(map(_cpu, bench.running.pids.values()))
    with app.app_context():
        token = page_token(settings, SLUG)
    arguments = (subject.mode, voters, subject.sending, subject.path, settings.public_url, token, json.dumps(CHOICES))
    command = [
        *("wrk", "-t", str(THREADS), "-c", str(CONNECTIONS), "-d", f"{subject.seconds}s", "--timeout", "20s"),
        *("-s", str(Path(__file__).with_name("load.lua")), f"http://127.0.0.1:{settings.port}", "--"),
        *(str(argument).replace(" ", "") for argument in arguments),
        str(subject.answer),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    line = next(line for line in done.stdout.splitlines() if line.startswith("RESULT "))
    result = json.loads(line.removeprefix("RESULT "))
    time.sleep(0.3)
    good = result["good"]
    if result["bad"] or not good:
        raise SystemExit(f"{subject.name}: {good} right answers, {result['bad']} wrong")
    if subject.mode == "ballot" and _ballots(bench) - stored != good:
        raise SystemExit(f"{subject.name}: {_ballots(bench) - stored} stored, {good} accepted")
    web, store = _cpu(bench.web) - web, sum(map(_cpu, bench.running.pids.values())) - store
    return Sample(
        per_second=result["rate"],
        p50_ms=result["p50"] / 1000,
        p99_ms=result["p99"] / 1000,
        cpu_us_web=web * 1e6 / good,
        cpu_us_store=store * 1e6 / good,
    )


def _write_voters(app: Flask, file: Path, count: int) -> None:
    with app.app_context():
        account = current_account()
        issued = int(account.clock().timestamp())
        lines = []
        for _ in range(count):
            cookie = {"o": f"o{secrets.token_hex(13)}x", "i": issued, "e": account.epoch, "s": False}
            lines.append(f"{account.voter_sealer.seal(cookie)} {secrets.token_hex(16)}")
    file.write_text("\n".join(lines))


def _ballots(bench: Bench) -> int:
    with psycopg.connect(libpq_url(bench.running.connections.owner_url)) as connection:
        row = connection.execute("SELECT count(*) FROM ballot").fetchone()
    return int(row[0]) if row else 0


def _cpu(pid: int) -> float:
    """Return the CPU seconds of a process and its children, those that ended included."""
    seconds, tick = 0.0, os.sysconf("SC_CLK_TCK")
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(entry.name) == pid or int(fields[1]) == pid:
            seconds += (
                sum(map(int, fields[11:15])) / tick if int(entry.name) == pid else sum(map(int, fields[11:13])) / tick
            )
    return seconds


def _install_wrk() -> None:
    if os.geteuid() != 0:
        raise SystemExit("the benchmark needs wrk: run 'apt-get install wrk' as root")
    subprocess.run(["apt-get", "-qq", "update"], check=True)
    subprocess.run(["apt-get", "-qq", "install", "-y", "wrk"], check=True, stdout=subprocess.DEVNULL)


def _report(results: dict[str, list[tuple[Sample, Sample]]]) -> None:
    report = {}
    heads = ("÷ hello", "min", "max", "per s", "hello/s", "p50 ms", "p99 ms")
    print(f"{'':<18}" + "".join(f"{head:>9}" for head in heads) + "  CPU µs web+store")
    for name, pairs in results.items():
        ratios = [subject.per_second / anchor.per_second for anchor, subject in pairs]
        median = {
            field: statistics.median(getattr(subject, field) for _, subject in pairs) for field in asdict(pairs[0][1])
        }
        hello = statistics.median(anchor.per_second for anchor, _ in pairs)
        ratio = statistics.median(ratios)
        report[name] = {"ratio": ratio, "min": min(ratios), "max": max(ratios), "hello_per_second": hello, **median}
        print(
            f"{name:<18}{ratio:>9.3f}{min(ratios):>9.3f}{max(ratios):>9.3f}{median['per_second']:>9.0f}{hello:>9.0f}"
            f"{median['p50_ms']:>9.1f}{median['p99_ms']:>9.1f}"
            f"{median['cpu_us_web']:>9.0f} + {median['cpu_us_store']:.0f}"
        )
    if {"accepted ballot", "naive design"} <= report.keys():
        gain = report["accepted ballot"]["ratio"] / report["naive design"]["ratio"]
        report["accepted ballot ÷ naive design"] = {"ratio": gain}
        print(f"accepted ballot ÷ naive design: {gain:.0f}")
    REPORT.write_text(json.dumps(report, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
