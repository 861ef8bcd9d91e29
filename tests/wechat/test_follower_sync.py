"""The platform's list of followers is fetched page by page, may stop anywhere, and overrules no newer event."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from rq import SimpleWorker
from rq.serializers import JSONSerializer
from sqlalchemy import select

from foundation.errors import Conflict, NotAllowed
from foundation.queues import queue
from foundation.transaction import transaction
from staff.actors import COMMAND_LINE, SYSTEM
from staff.roles import Role
from tests.conftest import DatabaseClock
from tests.staff.factories_staff import Browser, actor_of, make_staff, recorded
from tests.wechat.admin_of_sandbox import SandboxAdmin
from tests.wechat.conftest import UseAccount, World
from wechat.farewells import note_farewell
from wechat.followers import follower_digest, note_event
from wechat.following.figures import follower_figures
from wechat.following.jobs import ring_for_sync, sync_daily, sync_followers
from wechat.following.runs import Run, find_run, latest_run, note_page
from wechat.following.syncing import INCOMPLETE, USED_UP, begin_sync, carry_on
from wechat.messages import Push
from wechat.models import Follower, FollowerSync

PAGE = "/cgi-bin/user/get"
LOT = "/cgi-bin/user/info/batchget"


def nobody(_key: str) -> None:
    """Ring for no worker."""


def known() -> dict[str, bool]:
    """Return whom the service knows by openid; who left is counted under "gone"."""
    with transaction() as session:
        rows = session.execute(select(Follower.openid, Follower.follows)).all()
    return {openid.decode() if openid else "gone": follows for openid, follows in rows}


def sync() -> Run:
    run = carry_on(begin_sync(COMMAND_LINE, nobody))
    assert run is not None
    return run


def event(openid: str, name: str, at: datetime) -> None:
    note_event(Push("event", openid, "gh_0123456789ab", at, event=name))


def rows() -> list[FollowerSync]:
    with transaction() as session:
        return list(session.scalars(select(FollowerSync).order_by(FollowerSync.id)))


def test_everybody_on_the_list_is_kept_since_when_they_follow(world: World, admin: SandboxAdmin) -> None:
    admin.change(user_page=150)
    admin.order("POST", "/accounts/-/followers", count=250)
    run = sync()

    assert known() == dict.fromkeys(admin.openids(), True)
    assert (run.state, run.seen, run.total, run.gone, run.error) == ("done", 254, 254, 0, None)
    assert (len(admin.calls(PAGE)), len(admin.calls(LOT))) == (3, 4)  # the last page is empty
    with transaction() as session:
        since = session.scalar(select(Follower.changed_at).filter_by(digest=follower_digest(world.openid("jia"))))
    assert since == datetime.fromtimestamp(int(admin.account.followers.get("jia").followed_at), UTC)


def test_whoever_is_known_is_not_asked_about_again(world: World, admin: SandboxAdmin) -> None:
    sync()
    admin.order("DELETE", "/calls")
    run = sync()

    assert (run.state, run.seen) == ("done", 4)
    assert admin.calls(LOT) == []


def test_whoever_left_unnoticed_is_forgotten(world: World, admin: SandboxAdmin, database_clock: DatabaseClock) -> None:
    sync()
    gone = world.openid("jia")
    admin.account.followers.set_following(admin.account.followers.get("jia"), False)
    database_clock.advance(timedelta(days=1))
    run = sync()

    assert run.gone == 1
    assert known() == {"gone": False} | dict.fromkeys(admin.openids(), True)
    assert gone not in known()


def test_whoever_began_to_follow_while_the_list_was_read_is_not_gone(world: World, admin: SandboxAdmin) -> None:
    event("oJustCame", "subscribe", datetime.now(UTC))
    run = sync()

    assert (run.gone, known()["oJustCame"]) == (0, True)


def test_an_event_that_says_they_left_since_wins(world: World, admin: SandboxAdmin) -> None:
    left = world.openid("jia")
    event(left, "unsubscribe", datetime.now(UTC))
    run = sync()

    assert run.state == "done"
    assert left not in known()
    assert known()["gone"] is False


def test_an_older_event_gives_way_to_the_list(world: World, admin: SandboxAdmin) -> None:
    here = world.openid("jia")
    event(here, "unsubscribe", datetime.now(UTC) - timedelta(days=30))
    sync()

    assert known()[here] is True


def test_whoever_had_everything_deleted_is_not_written_down_again(world: World, admin: SandboxAdmin) -> None:
    with transaction() as session:
        note_farewell(session, world.openid("jia"))
    sync()

    assert set(known()) == set(admin.openids()) - {world.openid("jia")}


def test_a_list_that_lacks_people_makes_nobody_gone(
    world: World, admin: SandboxAdmin, database_clock: DatabaseClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync()
    monkeypatch.setattr(admin.account.followers, "page_after", lambda openid, most: [])
    database_clock.advance(timedelta(days=1))
    run = sync()

    assert (run.state, run.gone, run.error) == ("done", 0, INCOMPLETE)
    assert known() == dict.fromkeys(admin.openids(), True)


def test_a_round_that_was_killed_goes_on_where_it_was(
    world: World, admin: SandboxAdmin, database_clock: DatabaseClock
) -> None:
    admin.change(user_page=2)
    key = begin_sync(COMMAND_LINE, nobody)

    def killed(_run: Run) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        carry_on(key, killed)
    halfway = find_run(key)
    database_clock.advance(timedelta(minutes=3))
    admin.order("DELETE", "/calls")
    again = begin_sync(COMMAND_LINE, nobody)
    run = carry_on(again)

    assert halfway is not None
    assert run is not None
    assert (halfway.state, halfway.seen, again) == ("running", 2, key)
    assert (run.state, run.seen) == ("done", 4)
    assert len(admin.calls(PAGE)) == 2
    assert known() == dict.fromkeys(admin.openids(), True)


def test_of_two_workers_at_one_page_one_gives_way(world: World, admin: SandboxAdmin) -> None:
    run = find_run(begin_sync(COMMAND_LINE, nobody))
    assert run is not None
    with transaction() as session:
        first = note_page(session, run, after="oSomebody", total=9, seen=4)
        second = note_page(session, run, after="oSomebody", total=9, seen=4)

    assert (first, second) == (True, False)


def test_if_the_one_at_the_cut_has_left_it_begins_anew(world: World, admin: SandboxAdmin) -> None:
    admin.change(user_page=2)
    key = begin_sync(COMMAND_LINE, nobody)

    def leave(run: Run) -> None:
        person = admin.account.followers.by_openid(run.after) if run.pages == 1 else None
        if person:
            admin.account.followers.set_following(person, False)

    run = carry_on(key, leave)

    assert run is not None
    assert (run.state, run.seen) == ("done", 3)
    assert 40003 in admin.calls(PAGE)


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("daily_quota", USED_UP),
        ("html", "微信暂时没有应答，请稍后再试。"),
        ("truncated", "微信暂时没有应答，请稍后再试。"),
        ("reset_before", "微信暂时没有应答，请稍后再试。"),
    ],
)
def test_what_stops_it_is_said_and_what_was_fetched_stays(
    world: World, admin: SandboxAdmin, kind: str, sentence: str
) -> None:
    admin.change(user_page=2)
    admin.fault(kind, PAGE, skip=1)
    run = sync()

    assert (run.state, run.seen, run.error) == ("stopped", 2, sentence)
    assert len(known()) == 2


def test_no_more_pages_are_asked_for_than_a_day_has(
    world: World, admin: SandboxAdmin, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin.change(user_page=1)
    monkeypatch.setattr("wechat.following.syncing.PAGES_A_DAY", 3)
    run = sync()

    assert (run.state, run.seen, run.error) == ("stopped", 3, USED_UP)
    assert len(admin.calls(PAGE)) == 3


def test_one_round_at_a_time(world: World) -> None:
    begin_sync(COMMAND_LINE, nobody)

    with pytest.raises(Conflict, match="正在同步"):
        begin_sync(COMMAND_LINE, nobody)


def test_without_the_right_there_is_no_list(use_account: UseAccount) -> None:
    use_account(wechat_capabilities="sub-unverified")

    with pytest.raises(NotAllowed):
        begin_sync(COMMAND_LINE, nobody)


class TestDaily:
    def test_the_first_is_begun_by_a_person(self, world: World) -> None:
        sync_daily()

        assert latest_run() is None

    def test_then_there_is_one_a_day(self, world: World, database_clock: DatabaseClock) -> None:
        sync()
        sync_daily()
        same_day = len(rows())
        database_clock.advance(timedelta(days=1))
        sync_daily()
        work_off(world)

        assert (same_day, [row.state for row in rows()]) == (1, ["done", "done"])
        assert rows()[1].started_by == SYSTEM.name

    def test_one_that_stopped_is_tried_again_after_an_hour(
        self, world: World, admin: SandboxAdmin, database_clock: DatabaseClock
    ) -> None:
        admin.fault("html", PAGE, count=1)
        stopped = sync()
        sync_daily()
        at_once = latest_run()
        database_clock.advance(timedelta(hours=1))
        sync_daily()
        work_off(world)

        assert at_once == stopped
        assert [row.state for row in rows()] == ["done"]


def work_off(world: World) -> None:
    with world.app.app_context():
        worker = SimpleWorker([queue()], connection=queue().connection, serializer=JSONSerializer)
        worker.work(burst=True)


def test_the_job_is_safe_to_repeat(world: World, admin: SandboxAdmin) -> None:
    key = begin_sync(COMMAND_LINE, ring_for_sync)
    sync_followers(key)
    sync_followers(key)
    sync_followers("of nobody")

    assert known() == dict.fromkeys(admin.openids(), True)


def test_figures_count_this_week(world: World, database_clock: DatabaseClock) -> None:
    wednesday = datetime(2026, 3, 4, 12, tzinfo=UTC)
    database_clock.set(wednesday)
    event("oOld", "subscribe", wednesday - timedelta(days=20))
    event("oNew", "subscribe", wednesday - timedelta(days=2))
    event("oLeft", "unsubscribe", wednesday - timedelta(days=1))
    event("oLeftBefore", "unsubscribe", wednesday - timedelta(days=9))
    figures = follower_figures()

    assert (figures.followers, figures.came, figures.left) == (2, 1, 1)
    assert figures.since == datetime(2026, 3, 1, 16, tzinfo=UTC)


class TestConsole:
    def test_the_button_fetches_the_list_and_the_page_shows_it(self, world: World) -> None:
        browser = Browser(world.app).signed_in_as(make_staff())
        before = browser.get("/console/wechat/followers").text
        answer = browser.submit("/console/wechat/followers/sync")
        moving = browser.get("/console/wechat/followers").text
        work_off(world)
        part = browser.get("/console/wechat/followers/progress").text

        assert "还没有和微信核对过名单" in before
        assert (answer.status_code, "正在同步，示例经办在" in moving, 'hx-trigger="every 2s"' in moving) == (
            303,
            True,
            True,
        )
        assert ("已核对" in part, "名单上有4人" in part, "hx-trigger" in part) == (True, True, False)
        assert recorded() == [("jingban", "wechat.sync", "关注者名单", "done")]

    def test_what_stopped_it_is_said(self, world: World, admin: SandboxAdmin) -> None:
        admin.fault("daily_quota", PAGE)
        sync()
        page = Browser(world.app).signed_in_as(make_staff()).get("/console/wechat/followers").text

        assert [text in page for text in ("没有同步完", USED_UP, "接着同步")] == [True] * 3

    def test_a_round_that_nobody_is_at_says_so(self, world: World, database_clock: DatabaseClock) -> None:
        begin_sync(COMMAND_LINE, nobody)
        database_clock.advance(timedelta(minutes=3))
        page = Browser(world.app).signed_in_as(make_staff()).get("/console/wechat/followers").text

        assert ("停住了" in page, "接着同步" in page) == (True, True)

    def test_without_the_right_the_page_says_what_holds_instead(self, app: Flask, use_account: UseAccount) -> None:
        use_account(wechat_capabilities="sub-unverified")
        page = Browser(app).signed_in_as(make_staff()).get("/console/wechat/followers").text

        assert ("取不到关注者名单" in page, "现在同步" in page) == (True, False)

    def test_a_supervisor_looks_and_does_not_fetch(self, world: World) -> None:
        browser = Browser(world.app).signed_in_as(make_staff("jiandu", "示例监督", Role.SUPERVISOR))

        assert "现在同步" not in browser.get("/console/wechat/followers").text
        assert browser.submit("/console/wechat/followers/sync").status_code == 403


class TestCommandLine:
    def test_it_fetches_in_the_name_of_a_member(self, world: World, admin: SandboxAdmin) -> None:
        admin.change(user_page=3)
        account = make_staff()
        result = world.app.test_cli_runner().invoke(args=["wechat", "sync-followers", "--as", account.name])

        assert (result.exit_code, result.output) == (0, "3 of 4\n4 of 4\n4 followers, 0 gone\n")
        assert recorded() == [(actor_of(account).name, "wechat.sync", "关注者名单", "done")]

    def test_it_says_what_went_wrong(self, world: World, admin: SandboxAdmin) -> None:
        admin.fault("html", PAGE)
        result = world.app.test_cli_runner().invoke(args=["wechat", "sync-followers"])

        assert (result.exit_code, "微信暂时没有应答" in result.output) == (1, True)
