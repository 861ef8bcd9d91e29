"""Spreadsheets and photos on their way in: read, confirmed and written by a job that may be cut off anywhere."""

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from rq import SimpleWorker
from rq.serializers import JSONSerializer
from sqlalchemy import select, text

from foundation.database import db
from foundation.errors import Conflict, InvalidInput, NotAllowed, NotFound
from foundation.queues import queue
from foundation.transaction import transaction
from foundation.uploads import Upload
from staff.actors import Actor
from tests.factories import CLERK, make_poll
from tests.staff.factories_staff import Browser, actor_of, make_staff, recorded
from tests.votes.factories_polls import make_draft
from tests.votes.test_console import archive, confirming, sheet, upload
from votes import candidate_sheet, import_jobs, import_steps
from votes.candidate_list import all_candidates
from votes.import_jobs import work
from votes.import_steps import confirm_import, resume_import, upload_photos, upload_sheet
from votes.import_tasks import ImportTask, read_task, tell_percent
from votes.models import CandidateImport

PEOPLE = [(f"示例{number}", "示例县一") for number in range(1, 61)]


@pytest.fixture
def clerk(app: Flask) -> Actor:
    return actor_of(make_staff())


@pytest.fixture
def desk(app: Flask) -> Browser:
    return Browser(app).signed_in_as(make_staff())


@pytest.fixture
def long_ones(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let everything count as long, so that it goes through the queue."""
    monkeypatch.setattr(import_steps, "LARGEST_AT_ONCE", {"sheet": 0, "photos": 0})
    monkeypatch.setattr(import_steps, "MOST_ROWS_AT_ONCE", 0)
    monkeypatch.setattr(import_steps, "MOST_PHOTOS_AT_ONCE", 0)
    yield
    queue().delete()


def work_off_the_queue() -> None:
    worker = SimpleWorker([queue()], connection=queue().connection, serializer=JSONSerializer)
    worker.work(burst=True, logging_level="ERROR")


def state(task: ImportTask) -> tuple[str, int]:
    found = read_task(task.slug, task.key)
    return found.state, found.percent


def stand_still(task: ImportTask) -> None:
    """Let the last move of this import be long ago."""
    with transaction() as session:
        session.execute(
            text("UPDATE candidate_import SET moved_at = moved_at - interval '1 hour' WHERE key = :key"),
            {"key": task.key},
        )


def files(app: Flask) -> int:
    folder: Path = app.config["SETTINGS"].data_dir / "files" / "private"
    return len(list(folder.iterdir()))


def test_a_short_sheet_is_read_and_written_at_once(clerk: Actor) -> None:
    make_draft()

    read = upload_sheet("demo", Upload("名单.xlsx", sheet(*PEOPLE)), clerk)
    written = confirm_import("demo", read.key, (), clerk)

    assert (read.state, read.sheet_findings and len(read.sheet_findings.rows)) == ("read", 60)
    assert (written.state, written.outcome and written.outcome.brought, len(all_candidates("demo"))) == ("done", 60, 60)
    assert recorded()[-1] == ("jingban", "candidates.import", "示例网上评议（demo）", "done")


def test_a_long_sheet_is_read_and_written_by_the_worker(app: Flask, clerk: Actor, long_ones: None) -> None:
    make_draft()

    task = upload_sheet("demo", Upload("名单.xlsx", sheet(*PEOPLE)), clerk)
    waiting = state(task)
    work_off_the_queue()
    read = state(task)
    confirm_import("demo", task.key, (), clerk)
    confirmed = state(task)
    work_off_the_queue()

    assert (waiting, read, confirmed, state(task)) == (("reading", 0), ("read", 100), ("writing", 0), ("done", 100))
    assert len(all_candidates("demo")) == 60
    assert files(app) == 1  # what came of it


def test_the_page_sees_how_far_it_is(clerk: Actor, long_ones: None, monkeypatch: pytest.MonkeyPatch) -> None:
    make_draft()
    seen: list[int] = []

    def tell(key: str, percent: int) -> None:
        tell_percent(key, percent)
        seen.append(read_task("demo", key).percent)

    monkeypatch.setattr(import_jobs, "tell_percent", tell)
    monkeypatch.setattr(import_jobs, "_ROWS_BETWEEN", 20)
    upload_sheet("demo", Upload("名单.xlsx", sheet(*PEOPLE)), clerk)
    work_off_the_queue()

    assert seen == [10, 38, 66]


def test_photos_go_in_parts_and_those_refused_are_named(app: Flask, clerk: Actor, long_ones: None) -> None:
    make_poll(state="draft", awards=(("十佳党员", 45, 3),))
    broken = io.BytesIO(archive(*(f"{number}.jpg" for number in range(1, 45))))
    with zipfile.ZipFile(broken, "a") as packed:
        packed.writestr("45.jpg", b"no picture")

    task = upload_photos("demo", Upload("照片.zip", broken.getvalue()), "", clerk)
    work_off_the_queue()
    confirm_import("demo", task.key, (), clerk)
    work_off_the_queue()
    outcome = read_task("demo", task.key).outcome

    assert outcome is not None
    assert (outcome.brought, [(one.number, one.file) for one in outcome.refused]) == (44, [(45, "45.jpg")])
    assert sum(one.photo is not None for one in all_candidates("demo")) == 44


def test_a_list_that_changed_since_the_preview_gives_nobody_a_strangers_photo(clerk: Actor) -> None:
    make_draft()
    first = upload_sheet("demo", Upload("名单.xlsx", sheet(("丁示例", "示例县"), ("王示例", "示例县"))), clerk)
    confirm_import("demo", first.key, (), clerk)
    photos = upload_photos("demo", Upload("照片.zip", archive("丁示例.jpg", "王示例.jpg")), "", clerk)
    second = upload_sheet("demo", Upload("名单.xlsx", sheet(("马示例", "示例县"), ("王示例", "示例县"))), clerk)
    confirm_import("demo", second.key, (), clerk)

    outcome = confirm_import("demo", photos.key, (), clerk).outcome

    assert outcome is not None
    assert (outcome.brought, [one.file for one in outcome.refused]) == (1, ["丁示例.jpg"])
    assert [one.name for one in all_candidates("demo") if one.photo] == ["王示例"]


def test_what_fails_says_at_which_row(clerk: Actor, long_ones: None, monkeypatch: pytest.MonkeyPatch) -> None:
    make_draft()

    def stumble(_cell: object) -> bool:
        raise RuntimeError

    monkeypatch.setattr(candidate_sheet, "_read_flag", stumble)
    task = upload_sheet("demo", Upload("名单.xlsx", sheet(*PEOPLE[:3])), clerk)
    work_off_the_queue()

    found = read_task("demo", task.key)
    assert found.state == "failed"
    assert found.error is not None
    assert found.error.startswith("处理第2行时出错，没有导入。")


def test_a_job_that_is_cut_off_is_seen_to_stand_still_and_goes_on_when_asked(clerk: Actor, long_ones: None) -> None:
    make_draft()
    task = upload_sheet("demo", Upload("名单.xlsx", sheet(*PEOPLE)), clerk)
    queue().delete()
    fresh = read_task("demo", task.key).stalled
    stand_still(task)
    stalled = read_task("demo", task.key)
    resume_import("demo", task.key)
    work_off_the_queue()

    assert (fresh, stalled.stalled, stalled.moving) == (False, True, False)
    assert state(task) == ("read", 100)


def test_running_a_job_twice_does_nothing_twice(clerk: Actor) -> None:
    make_draft()
    task = upload_sheet("demo", Upload("名单.xlsx", sheet(*PEOPLE)), clerk)
    work(task.key)
    confirm_import("demo", task.key, (), clerk)
    before = recorded()
    work(task.key)
    work("0" * 32)

    assert (state(task), recorded()) == (("done", 100), before)


def test_an_upload_with_faults_is_not_kept_and_cannot_be_confirmed(app: Flask, clerk: Actor) -> None:
    make_draft()
    task = upload_sheet("demo", Upload("名单.xlsx", sheet(("丁示例", ""))), clerk)
    with pytest.raises(Conflict, match="还有错误"):
        confirm_import("demo", task.key, (), clerk)
    assert task.upload is None
    assert files(app) == 1  # what was found


def test_without_a_member_a_file_or_a_draft_nothing_begins(clerk: Actor) -> None:
    make_poll("open")
    make_draft()
    with pytest.raises(InvalidInput, match="请选择文件"):
        upload_sheet("demo", Upload("", b""), clerk)
    with pytest.raises(Conflict):
        upload_sheet("open", Upload("名单.xlsx", sheet(*PEOPLE)), clerk)
    with pytest.raises(NotFound):
        read_task("demo", "0" * 32)
    with pytest.raises(NotAllowed):
        upload_sheet("demo", Upload("名单.xlsx", sheet(*PEOPLE)), CLERK)
    with transaction() as session:
        assert session.scalars(select(CandidateImport)).all() == []


def test_the_trail_names_who_confirmed(clerk: Actor) -> None:
    make_draft()
    other = actor_of(make_staff("kezhang", "示例科长"))
    task = upload_sheet("demo", Upload("名单.xlsx", sheet(*PEOPLE[:2])), clerk)
    confirm_import("demo", task.key, (), other)
    assert recorded()[-1][:2] == ("kezhang", "candidates.import")


class TestPages:
    def test_a_preview_has_an_address_of_its_own_and_survives_a_reload(self, desk: Browser) -> None:
        make_draft()
        page = upload(desk, "/console/polls/demo/import", sheet(*PEOPLE), "名单.xlsx")
        address = confirming(page).removesuffix("/confirm")
        again, second = desk.get(address).text, desk.get(f"{address}?page=2").text
        assert "导入后共60名候选对象，其中新增60名" in again
        assert (again.count("新增</span>"), second.count("新增</span>")) == (50, 10)

    def test_a_moving_import_asks_how_far_it_is_and_ends_with_a_fresh_page(
        self, desk: Browser, long_ones: None
    ) -> None:
        make_draft()
        page = upload(desk, "/console/polls/demo/import", sheet(*PEOPLE), "名单.xlsx")
        progress = re.search(r'hx-get="(/console/polls/demo/import/\w+/progress)"', page)
        assert progress is not None
        moving = desk.get(progress[1])
        work_off_the_queue()
        there = desk.get(progress[1])
        assert ('value="0"' in moving.text, moving.headers.get("HX-Refresh")) == (True, None)
        assert there.headers["HX-Refresh"] == "true"

    def test_one_that_stands_still_offers_to_go_on(self, desk: Browser, long_ones: None) -> None:
        make_draft()
        upload(desk, "/console/polls/demo/import", sheet(*PEOPLE), "名单.xlsx")
        key = db.session.scalars(select(CandidateImport.key)).one()
        stand_still(read_task("demo", key))
        path = f"/console/polls/demo/import/{key}"
        assert "两分钟没有进展" in desk.get(path).text
        assert desk.submit(f"{path}/resume").location == path
        work_off_the_queue()
        assert "导入60名" in desk.get(path).text

    def test_photos_that_were_refused_are_listed_with_the_reason(self, desk: Browser) -> None:
        make_poll(state="draft", awards=(("十佳党员", 2, 1),))
        content = io.BytesIO(archive("1.jpg"))
        with zipfile.ZipFile(content, "a") as packed:
            packed.writestr("2.jpg", b"no picture")
        page = upload(desk, "/console/polls/demo/photos", content.getvalue(), "照片.zip")
        answer = desk.submit(confirming(page), questions="0")
        after = desk.get(answer.location).text
        assert "1张照片已导入，1张没有用。" in after
        assert re.search(r'<th scope="row">2.jpg</th><td class="end code">2</td><td>[^<]+</td>', after)
