"""The console's lists of polls and candidates, the results' charts, and what pages cost when there is much of it."""

import json
import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from foundation.database import db
from staff.roles import Role
from tests.factories import BOTH, fill_ledger, make_poll
from tests.staff.factories_staff import Browser, make_staff
from tests.statements import statements
from votes.next_step import next_step
from votes.overview import find_polls, poll_overview
from votes.parts import votes_parts
from votes.phases import Phase
from votes.polls import close_poll
from votes.ranking import Cut
from votes.result_charts import MOST_NAMED, charts_of
from votes.results import read_results
from votes.room import build_sequencer

NOW_AND_THEN = ("staff_session", "option_version")  # noted, or read anew, only once in a while
PAGES = (
    "",
    "edit",
    "awards",
    "candidates/",
    "candidates/?sort=place&words=示例",
    "candidates/3",
    "candidates/bulk?act=withdraw&everyone=1",
    "candidates/3/withdraw",
    "import",
    "photos",
    "channels/",
    "turnout",
    "turnout/now",
    "results",
    "open",
    "close",
    "certify",
)


@pytest.fixture
def desk(app: Flask) -> Browser:
    return Browser(app).signed_in_as(make_staff())


def statements_of(desk: Browser, path: str) -> int:
    db.session.expire_all()
    with statements() as sent:
        assert desk.get(path).status_code in (200, 409)  # a certified poll lets nobody withdraw
    return sum(not any(table in statement for table in NOW_AND_THEN) for statement in sent)


@pytest.mark.parametrize("state", ["draft", "open", "certified"])
def test_pages_ask_the_database_as_often_for_300_candidates_as_for_3(desk: Browser, state: str) -> None:
    make_poll("few", state=state, awards=(("示例奖", 3, 2),))
    many = make_poll("many", state=state, awards=(("示例奖", 300, 2),))
    fill_ledger(many, 500)

    counts = {
        page: [statements_of(desk, f"/console/polls/{slug}/{page}") for slug in ("few", "many")] for page in PAGES
    }

    assert {page: few - many for page, (few, many) in counts.items() if few != many} == {}
    assert max(few for few, _ in counts.values()) <= 30


def test_the_list_of_polls_asks_as_often_for_300_polls_as_for_3(desk: Browser) -> None:
    for number in range(3):
        make_poll(f"p{number}", awards=(("示例奖", 1, 1),))
    few = statements_of(desk, "/console/polls/")
    for number in range(3, 300):
        make_poll(f"p{number}", awards=(("示例奖", 1, 1),))

    assert statements_of(desk, "/console/polls/") == few


def test_no_page_of_a_poll_counts_over_its_ballots(desk: Browser) -> None:
    fill_ledger(make_poll(), 100)
    for page in ("", "turnout", "candidates/", "results"):
        with statements() as sent:
            desk.get(f"/console/polls/demo/{page}")
        touching = [statement for statement in sent if "FROM ballot" in statement]
        assert all("LIMIT" in statement for statement in touching), page


class TestPolls:
    def test_fifty_a_page_the_latest_first(self, desk: Browser) -> None:
        for number in range(1, 61):
            make_poll(f"p{number}", awards=())
        page = find_polls(page=9)
        assert ([row.slug for row in page.rows], page.found, page.page, page.pages) == (
            [f"p{number}" for number in range(10, 0, -1)],
            60,
            2,
            2,
        )
        assert desk.get("/console/polls/").text.count('<th scope="row">') == 50

    @pytest.mark.parametrize("phase", Phase)
    def test_each_phase_is_found_as_it_is_told(self, app: Flask, phase: Phase) -> None:
        make_poll("a", state="draft")
        make_poll("b", opens_in=timedelta(hours=1))
        make_poll("c")
        make_poll("d", opens_in=timedelta(days=-2), closes_in=timedelta(hours=-1))
        make_poll("e", state="closed")
        make_poll("f", state="certified")
        assert {row.phase for row in find_polls(phase=phase).rows} == {phase}
        assert sum(find_polls(phase=each).found for each in Phase) == find_polls().found == 6

    def test_words_are_found_in_title_and_address_and_the_search_stays_in_the_page(self, desk: Browser) -> None:
        make_poll("spring", title="示例春季评议")
        make_poll("autumn", title="示例秋季评议")
        assert [row.slug for row in find_polls(words="秋季").rows] == ["autumn"]
        assert [row.slug for row in find_polls(words="示例 spring").rows] == ["spring"]
        page = desk.get("/console/polls/?words=秋季&phase=open&sort=closes").text
        assert ('value="秋季"' in page, 'value="open" selected' in page, "spring" in page) == (True, True, False)

    def test_sorted_by_time(self, app: Flask) -> None:
        make_poll("late", closes_in=timedelta(days=3))
        make_poll("early", closes_in=timedelta(days=1))
        make_poll("mid", closes_in=timedelta(days=2))
        assert [row.slug for row in find_polls(sort="closes").rows] == ["late", "mid", "early"]
        assert [row.slug for row in find_polls(sort="nonsense").rows] == ["mid", "early", "late"]


class TestResults:
    def test_after_certification_figures_stand_beside_the_chart_and_in_the_table(self, desk: Browser) -> None:
        poll_id = make_poll(state="certified", awards=(("示例奖", 7, 7),), visibility="hidden")
        fill_ledger(poll_id, 10)
        page = desk.get("/console/polls/demo/results").text
        found = re.search(r'<script type="application/json">(.*?)</script>', page)
        assert found is not None
        chart = json.loads(found[1])
        assert [bar["name"] for bar in chart["bars"]][:2] == ["1号 示例001", "2号 示例002"]
        assert "echarts.simple.min.js" in page
        assert page.count('<th scope="row">') == 7

    @pytest.mark.parametrize(("candidates", "named"), [(MOST_NAMED, True), (MOST_NAMED + 1, False)])
    def test_many_bars_stand_without_names(self, app: Flask, candidates: int, named: bool) -> None:
        fill_ledger(make_poll(awards=(("示例奖", candidates, 7),), state="open"), 70)
        build_sequencer().round()
        results = read_results("demo", votes_parts().tally)
        assert results is not None
        (chart,) = charts_of(results)
        assert (chart.named, len(chart.bars)) == (named, candidates)
        assert {bar.cut for bar in chart.bars} <= set(Cut)

    def test_nobody_sees_a_hidden_poll_before_and_the_page_loads_no_charts(self, desk: Browser) -> None:
        fill_ledger(make_poll(state="closed", visibility="hidden"), 5)
        page = desk.get("/console/polls/demo/results").text
        assert ("结果在认证前不可见" in page, "echarts" in page, "data-chart" in page) == (True, False, False)

    @pytest.mark.parametrize("path", ["", "turnout", "candidates/"])
    def test_no_other_page_loads_the_charts(self, desk: Browser, path: str) -> None:
        make_poll(state="certified")
        assert "echarts" not in desk.get(f"/console/polls/demo/{path}").text


class TestEndedEarly:
    def test_public_pages_say_when_it_ended(self, app: Flask, client: FlaskClient) -> None:
        make_poll(visibility="live")
        close_poll("demo", "示例停电", BOTH)
        build_sequencer().round()
        votes_parts().shelf.forget("demo")
        for path in ("/polls/demo", "/polls/demo/column", "/polls/demo/results", "/"):
            assert re.search(r"已于 \d+月\d+日 \d\d:\d\d 提前结束", client.get(path).text), path

    def test_where_results_are_still_to_come_too(self, app: Flask, client: FlaskClient) -> None:
        make_poll(visibility="hidden")
        close_poll("demo", "示例停电", BOTH)
        votes_parts().shelf.forget("demo")
        assert "提前结束（原定" in client.get("/polls/demo/results").text

    def test_a_poll_that_ended_on_time_says_nothing_of_it(self, app: Flask, client: FlaskClient) -> None:
        make_poll(state="closed", opens_in=timedelta(days=-2), closes_in=timedelta(hours=-1))
        votes_parts().shelf.forget("demo")
        assert "提前结束" not in client.get("/polls/demo").text + client.get("/").text


class TestNextStep:
    @pytest.mark.parametrize(
        ("changes", "view"),
        [
            ({"state": "draft", "awards": ()}, "polls_console.awards_page"),
            ({"state": "draft", "awards": (("示例奖", 0, 1),)}, "imports_console.import_page"),
            ({"state": "draft"}, "polls_console.open_page"),
            ({"opens_in": timedelta(hours=1)}, "channels_console.channels_page"),
            ({}, "polls_console.turnout_page"),
            ({"state": "closed"}, "polls_console.certify_page"),
            ({"state": "certified"}, "polls_console.turnout_page"),
        ],
    )
    def test_each_page_names_the_next_step(self, desk: Browser, changes: dict[str, object], view: str) -> None:
        make_poll(**changes)  # type: ignore[arg-type]  # handed through
        step = next_step(poll_overview("demo"))
        assert step.view == view
        for path in ("", "candidates/", "channels/"):
            assert step.text in desk.get(f"/console/polls/demo/{path}").text

    def test_those_who_only_look_are_told_no_steps_and_offered_no_changes(self, app: Flask) -> None:
        make_poll(state="draft")
        watcher = Browser(app).signed_in_as(make_staff("jiandu", "示例监督", Role.SUPERVISOR))
        page = watcher.get("/console/polls/demo/candidates/").text
        assert ("polls-next" in page, "核对并办理" in page, "添加一名" in page) == (False, False, False)
        assert watcher.get("/console/polls/demo/candidates/bulk?act=consent&numbers=1").status_code == 403


def test_a_new_poll_is_told_every_fault_of_its_form_at_once(desk: Browser) -> None:
    fields = {
        "title": "",
        "slug": "大写",
        "opens_at": "soon",
        "closes_at": "later",
        "enquiry_phone": "示例电话",
        "awards-0-name": "",
        "awards-0-places": "十",
        "awards-0-max_choices": "2",
        "awards-0-min_choices": "3",
    }
    answer = desk.submit("/console/polls/new", **fields)
    named = set(re.findall(r'id="([\w-]+)-error"', answer.text))
    assert answer.status_code == 422
    assert named >= {
        *("title", "slug", "opens_at", "closes_at", "enquiry_phone", "period", "visibility", "candidate_order"),
        *("awards-0-name", "awards-0-places", "awards-0-min_choices"),
    }
