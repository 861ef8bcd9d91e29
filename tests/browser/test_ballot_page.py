"""The ballot page as a voter meets it on a phone: nothing is lost, nothing is said to be in before it is."""

import json
import re
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Route, expect
from sqlalchemy import select

from foundation.transaction import transaction
from tests.browser.conftest import LiveSite
from tests.conftest import DatabaseClock
from votes.models import Award, Ballot, CertifiedCount, Poll
from votes.rules import unpack

AWARDS = (("十佳基层党组织", 15, 10), ("十佳共产党员", 15, 10), ("优秀共产党员", 150, 100))
SMALLEST = {"width": 320, "height": 568}
EDGE = 1  # pixels a browser may round by


def test_a_voter_reads_the_rules_chooses_and_gets_a_receipt(live_site: LiveSite, page: Page) -> None:
    complaints = complaints_of(page)
    slug = live_site.poll(awards=AWARDS)
    live_site.sign_in(page)
    page.goto(f"{live_site.url}/polls/{slug}")
    expect(page.get_by_text("每个微信号限投一次，提交后不可修改。")).to_be_visible()
    start(page)
    choose(page, 3, 8)
    page.get_by_role("tab", name="十佳共产党员").click()
    choose(page, 16)
    expect(page.locator("#chosen")).to_have_text("2 · 1 · 0")
    page.get_by_role("link", name="核对选票").click()
    expect(page.get_by_text("还没投成功。提交后不可修改。")).to_be_visible()
    page.get_by_role("button", name="确认投票").click()
    expect(page.get_by_role("heading", name="已投成功")).to_be_focused()
    expect(page.locator("#done-number")).to_have_text("已收录 · 第 1 票")
    assert ballots(live_site, slug) == [(3, 8, 16)]
    assert complaints == []


def test_own_choices_are_shown_on_this_phone_only(live_site: LiveSite, page: Page, browser: Browser) -> None:
    slug = live_site.poll()
    openid = live_site.sign_in(page)
    vote(live_site, page, slug, 2)
    page.get_by_role("button", name="只有您自己能看").click()
    expect(page.locator("#own-choices li")).to_have_text(["002示例002"])
    other = browser.new_context().new_page()
    live_site.sign_in(other, openid)
    other.goto(f"{live_site.url}/polls/{slug}#done")
    expect(other.locator("#done-code")).to_have_text(page.locator("#done-code").inner_text())
    other.get_by_role("button", name="只有您自己能看").click()
    expect(other.locator("#own-choices")).to_contain_text("这台手机上没有留下选票内容")
    other.context.close()


def test_choices_survive_reload_candidate_and_back(live_site: LiveSite, page: Page) -> None:
    slug = live_site.poll(awards=AWARDS)
    live_site.sign_in(page)
    open_list(live_site, page, slug)
    page.get_by_role("tab", name="优秀共产党员").click()
    choose(page, 60)
    place = scroll_place(page)
    assert place > 0
    page.locator('[data-number="60"] > a').click()
    expect(page.get_by_role("heading", name="示例060")).to_be_focused()
    page.get_by_role("button", name="不选了").click()
    page.get_by_role("button", name="选他").click()
    expect(page.locator("[data-tally]")).to_have_text("已选 1/100")
    page.go_back()
    expect(card(page, 60)).to_be_in_viewport()
    assert abs(scroll_place(page) - place) <= EDGE
    page.reload()
    expect(pick(page, 60)).to_have_attribute("aria-pressed", "true")
    expect(card(page, 60)).to_be_in_viewport()
    page.get_by_role("link", name="核对选票").click()
    expect(page.get_by_role("heading", name="核对选票")).to_be_visible()
    page.go_back()
    expect(card(page, 60)).to_be_in_viewport()
    page.go_back()
    expect(page.get_by_role("heading", name="投票前请先看")).to_be_visible()
    expect(page.get_by_role("link", name="继续投票")).to_be_visible()


def test_a_candidate_opened_by_its_own_address_leads_through_the_rules(live_site: LiveSite, page: Page) -> None:
    slug = live_site.poll()
    live_site.sign_in(page)
    page.goto(f"{live_site.url}/polls/{slug}/candidates/5")
    expect(page.get_by_text("示例事迹材料。")).to_be_visible()
    page.get_by_role("button", name="看规则，去投票").click()
    start(page)
    page.goto(f"{live_site.url}/polls/{slug}/candidates/5")
    page.get_by_role("button", name="选他").click()
    expect(page.locator("[data-tally]")).to_have_text("已选 1/3")
    page.get_by_role("link", name="返回列表").click()
    expect(page.locator("#chosen")).to_have_text("0 · 1")


def test_one_more_than_the_most_is_refused_in_a_sentence(live_site: LiveSite, page: Page) -> None:
    slug = live_site.poll()
    live_site.sign_in(page)
    open_list(live_site, page, slug)
    choose(page, 1, 2, 3)
    expect(page.locator("#list .notice")).to_contain_text("十佳组织最多选2")
    expect(page.locator("#chosen")).to_have_text("2 · 0")
    expect(pick(page, 3)).to_have_attribute("aria-pressed", "false")


def test_a_ballot_without_choices_is_not_sent(live_site: LiveSite, page: Page) -> None:
    slug = live_site.poll()
    live_site.sign_in(page)
    open_list(live_site, page, slug)
    page.get_by_role("link", name="核对选票").click()
    page.get_by_role("button", name="确认投票").click()
    expect(page.locator("#sending")).to_contain_text("还没有选")
    assert ballots(live_site, slug) == []


def test_a_dropped_candidate_stays_in_its_row_until_taken_back(live_site: LiveSite, page: Page) -> None:
    slug = live_site.poll()
    live_site.sign_in(page)
    open_list(live_site, page, slug)
    choose(page, 1, 2)
    page.get_by_role("link", name="核对选票").click()
    page.get_by_role("button", name="不选了 示例001").click()
    expect(page.locator("#review-groups li .grow")).to_have_text(["001示例001", "002示例002"])
    expect(page.get_by_text("已选1，最多2")).to_be_visible()
    page.get_by_role("button", name="选回来 示例001").click()
    expect(page.get_by_text("已选2，最多2")).to_be_visible()


def test_a_long_award_is_folded_until_it_is_asked_for(live_site: LiveSite, page: Page) -> None:
    slug = live_site.poll(awards=(("优秀共产党员", 20, 20),))
    live_site.sign_in(page)
    open_list(live_site, page, slug)
    choose(page, *range(1, 14))
    page.get_by_role("link", name="核对选票").click()
    expect(page.get_by_text("已选13，最多20")).to_be_visible()
    expect(page.locator("#review-groups li")).to_have_count(0)
    page.get_by_role("button", name="展开").click()
    expect(page.locator("#review-groups li")).to_have_count(13)
    expect(page.get_by_role("button", name="收起")).to_be_focused()


def test_fewer_than_the_least_are_not_sent(live_site: LiveSite, page: Page) -> None:
    slug = live_site.poll(state="draft")
    with live_site.app.app_context(), transaction() as session:
        session.scalars(select(Award).where(Award.name == "十佳党员")).one().min_choices = 2
        session.flush()
        session.scalars(select(Poll)).one().state = "open"
    live_site.sign_in(page)
    open_list(live_site, page, slug)
    choose(page, 1)
    page.get_by_role("link", name="核对选票").click()
    page.get_by_role("button", name="确认投票").click()
    expect(page.locator("#sending")).to_have_text("十佳党员至少选2名，还差2名。")
    assert ballots(live_site, slug) == []


def test_deeds_that_do_not_arrive_can_be_asked_for_again(live_site: LiveSite, page: Page) -> None:
    slug = live_site.poll()
    live_site.sign_in(page)
    open_list(live_site, page, slug)
    page.route("**/candidates/2", lambda route: route.abort(), times=1)
    page.locator('[data-number="2"] > a').click()
    expect(page.get_by_text("事迹没有打开，可能是网络不通。您的选择没有丢。")).to_be_visible()
    page.get_by_role("button", name="再试一次").click()
    expect(page.get_by_text("示例事迹材料。")).to_be_visible()


def test_a_poll_with_a_ballot_a_day_begins_anew_the_next_day(
    live_site: LiveSite, page: Page, database_clock: DatabaseClock
) -> None:
    slug = live_site.poll(period="daily", closes_in=timedelta(days=5))
    live_site.sign_in(page)
    vote(live_site, page, slug, 1)
    expect(page.locator("#done-words")).to_contain_text("明天还可以再投一次。")
    database_clock.advance(timedelta(days=1))
    page.goto("about:blank")
    vote(live_site, page, slug, 2)
    assert ballots(live_site, slug) == [(1,), (2,)]


def test_a_lost_answer_is_asked_for_again_and_counts_once(live_site: LiveSite, page: Page) -> None:
    slug = live_site.poll()
    live_site.sign_in(page)
    nonces: list[str] = []

    def lose_first_answer(route: Route) -> None:
        nonces.append(json.loads(route.request.post_data or "")["nonce"])
        if len(nonces) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/ballots", lose_first_answer)
    open_list(live_site, page, slug)
    choose(page, 2)
    page.get_by_role("link", name="核对选票").click()
    page.get_by_role("button", name="确认投票").click()
    expect(page.locator("#sending")).to_contain_text("尚未确认，正在重试，请不要关闭")
    page.get_by_role("button", name="再试一次").click()
    expect(page.get_by_role("heading", name="已投成功")).to_be_visible()
    assert len(set(nonces)) == 1
    assert ballots(live_site, slug) == [(2,)]


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_service_in_trouble_keeps_choices_and_is_tried_again(live_site: LiveSite, page: Page, status: int) -> None:
    slug = live_site.poll()
    live_site.sign_in(page)
    page.route("**/ballots", lambda route: route.fulfill(status=status, body="<html>"), times=1)
    open_list(live_site, page, slug)
    choose(page, 1)
    page.get_by_role("link", name="核对选票").click()
    page.get_by_role("button", name="确认投票").click()
    expect(page.locator("#sending")).to_contain_text("您的选择没有丢")
    expect(page.get_by_role("heading", name="已投成功")).to_be_visible()
    assert ballots(live_site, slug) == [(1,)]


def test_too_many_tries_are_waited_out(live_site: LiveSite, page: Page) -> None:
    slug = live_site.poll()
    live_site.sign_in(page)
    answer = {"status": 429, "headers": {"Retry-After": "2"}, "content_type": "application/json"}
    page.route("**/ballots", lambda route: route.fulfill(body='{"status": "too_fast"}', **answer), times=1)
    open_list(live_site, page, slug)
    choose(page, 1)
    page.get_by_role("link", name="核对选票").click()
    page.get_by_role("button", name="确认投票").click()
    expect(page.locator("#sending")).to_contain_text("2秒后自动再试")
    expect(page.get_by_role("heading", name="已投成功")).to_be_visible()


def test_a_page_closed_while_sending_asks_under_the_same_nonce(live_site: LiveSite, page: Page) -> None:
    slug = live_site.poll()
    live_site.sign_in(page)
    page.route("**/ballots", lambda route: route.abort(), times=1)
    open_list(live_site, page, slug)
    choose(page, 1)
    page.get_by_role("link", name="核对选票").click()
    with page.expect_request("**/ballots") as first:
        page.get_by_role("button", name="确认投票").click()
    expect(page.get_by_role("button", name="再试一次")).to_be_visible()
    page.route("**/ballots", lambda route: route.abort())
    page.reload()
    page.unroute("**/ballots")
    expect(page.locator("#sending")).to_contain_text("不会重复计票")
    with page.expect_request("**/ballots") as second:
        page.get_by_role("button", name="再试一次").click()
    expect(page.get_by_role("heading", name="已投成功")).to_be_visible()
    assert second.value.post_data_json == first.value.post_data_json


def test_a_stale_token_is_renewed_without_the_voter(live_site: LiveSite, page: Page) -> None:
    slug = live_site.poll()
    live_site.sign_in(page)
    open_list(live_site, page, slug)
    page.evaluate("document.querySelector('meta[name=\"csrf-token\"]').content = '0'.repeat(32)")
    choose(page, 1)
    page.get_by_role("link", name="核对选票").click()
    page.get_by_role("button", name="确认投票").click()
    expect(page.get_by_role("heading", name="已投成功")).to_be_visible()


def test_a_second_ballot_shows_the_first_receipt(live_site: LiveSite, page: Page, browser: Browser) -> None:
    slug = live_site.poll()
    openid = live_site.sign_in(page)
    open_list(live_site, page, slug)
    choose(page, 1)
    other = browser.new_context().new_page()
    live_site.sign_in(other, openid)
    vote(live_site, other, slug, 2)
    page.get_by_role("link", name="核对选票").click()
    page.get_by_role("button", name="确认投票").click()
    expect(page.get_by_role("heading", name="您已经投过票")).to_be_visible()
    expect(page.locator("#done-code")).to_have_text(other.locator("#done-code").inner_text())
    assert ballots(live_site, slug) == [(2,)]
    other.context.close()


def test_who_is_not_signed_in_is_led_to_wechat_and_back_to_the_list(live_site: LiveSite, page: Page) -> None:
    slug = live_site.poll()
    page.goto(f"{live_site.url}/polls/{slug}")
    with page.expect_request(re.compile(r"/wechat/login\?next=")) as asked:
        start(page, arrive=False)
    assert asked.value.url.endswith(f"/wechat/login?next=%2Fpolls%2F{slug}")
    live_site.sign_in(page)
    page.goto(f"{live_site.url}/polls/{slug}")
    expect(page.locator("#list")).to_be_visible()


def test_a_session_that_ran_out_keeps_the_choices(live_site: LiveSite, page: Page) -> None:
    slug = live_site.poll()
    live_site.sign_in(page)
    open_list(live_site, page, slug)
    choose(page, 2)
    page.get_by_role("link", name="核对选票").click()
    page.context.clear_cookies()
    page.get_by_role("button", name="确认投票").click()
    expect(page.get_by_role("heading", name="还差一步")).to_be_focused()
    live_site.sign_in(page)
    page.goto(f"{live_site.url}/polls/{slug}#review")
    page.get_by_role("button", name="再试一次").click()
    expect(page.get_by_role("heading", name="已投成功")).to_be_visible()
    assert ballots(live_site, slug) == [(2,)]


def test_a_withdrawn_candidate_is_named_and_the_rest_kept(live_site: LiveSite, page: Page) -> None:
    slug = live_site.poll()
    live_site.sign_in(page)
    refusal = '{"status": "invalid", "award": "十佳党员", "reason": "withdrawn"}'
    page.route("**/ballots", lambda route: route.fulfill(status=422, body=refusal), times=1)
    open_list(live_site, page, slug)
    choose(page, 1)
    page.get_by_role("link", name="核对选票").click()
    page.get_by_role("button", name="确认投票").click()
    expect(page.get_by_text("十佳党员：有候选对象刚刚退出评选。其余的选择都在")).to_be_visible()
    page.get_by_role("link", name="更新名单再看").click()
    expect(page.get_by_role("tab", name="十佳组织")).to_be_visible()
    expect(page.locator("#chosen")).to_have_text("1 · 0")


@pytest.mark.parametrize(
    ("changes", "badge", "sentence"),
    [
        ({"opens_in": timedelta(hours=1)}, "尚未开始", "还没有开始，可以先看候选对象。"),
        ({"opens_in": timedelta(days=-2), "closes_in": timedelta(days=-1)}, "投票已结束", "不再收选票"),
        ({"state": "certified"}, "结果已认证", "不再收选票"),
    ],
)
def test_outside_the_window_candidates_can_be_read_and_not_chosen(
    live_site: LiveSite, page: Page, changes: dict[str, object], badge: str, sentence: str
) -> None:
    slug = live_site.poll(**changes)
    live_site.sign_in(page)
    page.goto(f"{live_site.url}/polls/{slug}")
    expect(page.locator("#state")).to_have_text(badge)
    expect(page.locator("#standing")).to_contain_text(sentence)
    page.get_by_role("link", name="看候选对象").click()
    expect(card(page, 1)).to_be_visible()
    expect(pick(page, 1)).to_be_hidden()


def test_a_snapshot_may_read_and_is_told_how_to_vote(live_site: LiveSite, page: Page) -> None:
    slug = live_site.poll()
    live_site.sign_in(page, snapshot=True)
    page.goto(f"{live_site.url}/polls/{slug}")
    expect(page.locator("#standing")).to_contain_text("使用完整服务")
    page.get_by_role("link", name="看候选对象").click()
    expect(pick(page, 1)).to_be_hidden()


@pytest.mark.parametrize(("words", "found"), [("17", [17]), ("示例 017", [17]), ("示例县3", [17, 20, 23, 26, 29])])
def test_candidates_are_found_by_number_name_and_unit(
    live_site: LiveSite, page: Page, words: str, found: list[int]
) -> None:
    slug = live_site.poll(awards=AWARDS)
    live_site.sign_in(page)
    open_list(live_site, page, slug)
    page.get_by_role("tab", name="十佳共产党员").click()
    page.get_by_role("searchbox").fill(words)
    expect(page.locator("#found")).to_have_text(f"这一栏找到{len(found)}名")
    expect(page.locator("#award-1 .person:visible .number")).to_have_text([f"{number:03d}" for number in found])


def test_a_search_without_hits_names_the_award_that_has_some(live_site: LiveSite, page: Page) -> None:
    slug = live_site.poll(awards=AWARDS)
    live_site.sign_in(page)
    open_list(live_site, page, slug)
    page.get_by_role("searchbox").fill("示例150")
    page.get_by_role("button", name="优秀共产党员里有1名").click()
    expect(page.get_by_role("tab", name="优秀共产党员")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#award-2 .person:visible .name")).to_have_text(["示例150"])


def test_every_voter_has_an_own_order_that_stays(live_site: LiveSite, page: Page) -> None:
    slug = live_site.poll(awards=(("十佳党员", 30, 3),), candidate_order="per_voter")
    live_site.sign_in(page)
    first = order_of(live_site, page, slug)
    assert sorted(first) == list(range(1, 31))
    assert order_of(live_site, page, slug) == first
    page.context.clear_cookies()
    live_site.sign_in(page)
    assert order_of(live_site, page, slug) != first


def test_without_script_rules_and_candidates_can_be_read(live_site: LiveSite, browser: Browser) -> None:
    slug = live_site.poll()
    context = browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto(f"{live_site.url}/polls/{slug}")
    expect(plain.get_by_text("每个微信号限投一次，提交后不可修改。")).to_be_visible()
    expect(plain.get_by_role("heading", name="十佳党员")).to_be_visible()
    expect(pick(plain, 5)).to_be_hidden()
    plain.locator('[data-number="5"] > a').click()
    expect(plain.get_by_text("示例事迹材料。")).to_be_visible()
    context.close()


@pytest.mark.parametrize("size", [1, 1.5, 2])
def test_large_letters_on_the_smallest_phone_fit_its_width(live_site: LiveSite, page: Page, size: float) -> None:
    slug = live_site.poll(awards=AWARDS)
    live_site.sign_in(page)
    page.set_viewport_size(SMALLEST)  # type: ignore[arg-type]  # a dict of the size
    open_list(live_site, page, slug)
    page.evaluate("size => { document.documentElement.style.fontSize = size * 16 + 'px' }", size)
    choose(page, 1, 2)
    assert_fits(page)
    page.locator('[data-number="1"] > a').click()
    expect(page.locator("[data-tally]")).to_be_visible()
    assert_fits(page)
    page.go_back()
    page.get_by_role("link", name="核对选票").click()
    expect(page.get_by_role("button", name="确认投票")).to_be_visible()
    assert_fits(page)


def test_whatever_is_pressed_is_large_enough_for_a_finger(live_site: LiveSite, page: Page) -> None:
    slug = live_site.poll(awards=AWARDS, enquiry_phone="0000-0000000", supervision_phone="0000-12380")
    live_site.sign_in(page)
    page.set_viewport_size(SMALLEST)  # type: ignore[arg-type]  # a dict of the size
    page.goto(f"{live_site.url}/polls/{slug}")
    assert too_small(page, "#welcome") == []
    start(page)
    choose(page, 1)
    assert too_small(page, "#list") == []
    page.get_by_role("link", name="核对选票").click()
    expect(page.get_by_role("button", name="确认投票")).to_be_visible()
    assert too_small(page, "#review") == []


def test_tabs_are_moved_between_with_the_arrow_keys(live_site: LiveSite, page: Page) -> None:
    slug = live_site.poll(awards=AWARDS)
    live_site.sign_in(page)
    open_list(live_site, page, slug)
    page.get_by_role("tab", name="十佳基层党组织").press("ArrowRight")
    expect(page.get_by_role("tab", name="十佳共产党员")).to_be_focused()
    expect(page.get_by_role("tabpanel")).to_have_attribute("id", "award-1")
    pick(page, 16).press("Enter")
    expect(pick(page, 16)).to_have_attribute("aria-pressed", "true")


def test_nothing_moves_when_photos_arrive(live_site: LiveSite, page: Page) -> None:
    slug = live_site.poll(awards=AWARDS)
    live_site.sign_in(page)
    page.route(re.compile(r"/files/|person.*\.svg"), lambda route: route.abort())
    open_list(live_site, page, slug)
    without = card(page, 15).bounding_box()
    page.unroute(re.compile(r"/files/|person.*\.svg"))
    page.reload()
    expect(card(page, 1)).to_be_visible()
    assert card(page, 15).bounding_box() == without


def test_the_page_of_180_candidates_is_light_and_the_same_for_everyone(
    live_site: LiveSite, page: Page, phone: BrowserContext
) -> None:
    slug = live_site.poll(awards=AWARDS)
    address = f"{live_site.url}/polls/{slug}"
    stranger = phone.request.get(address).body()
    live_site.sign_in(page)
    assert phone.request.get(address).body() == stranger
    sizes: list[int] = []
    page.on("requestfinished", lambda request: sizes.append(request.sizes()["responseBodySize"]))
    page.goto(address, wait_until="networkidle")
    assert sum(sizes) <= 150_000


def test_an_unknown_receipt_keeps_what_was_typed(live_site: LiveSite, page: Page) -> None:
    page.goto(f"{live_site.url}/receipts/")
    page.get_by_label("回执上的12位字母和数字").fill("k7qx-0000-0000")
    page.get_by_role("button", name="查回执").click()
    expect(page.get_by_label("回执上的12位字母和数字")).to_have_value("k7qx-0000-0000")
    expect(page.get_by_text("没有这个回执。")).to_be_visible()


def test_a_receipt_tells_that_a_ballot_is_in_and_not_what_is_on_it(live_site: LiveSite, page: Page) -> None:
    slug = live_site.poll()
    live_site.sign_in(page)
    vote(live_site, page, slug, 2)
    expect(page.locator("#done-number")).to_have_text("已收录 · 第 1 票")
    page.get_by_role("link", name="回执查询页").click()
    expect(page.get_by_role("heading", name="已收录")).to_be_visible()
    expect(page.get_by_text("第 1 票")).to_be_visible()
    expect(page.get_by_text("示例002")).to_have_count(0)


def test_hidden_results_say_when_they_come(live_site: LiveSite, page: Page) -> None:
    slug = live_site.poll(visibility="hidden")
    page.goto(f"{live_site.url}/polls/{slug}/results")
    expect(page.get_by_text("得票在认证后公布")).to_be_visible()


def test_results_mark_ties_and_the_cut_and_decide_nothing(live_site: LiveSite, page: Page) -> None:
    slug = live_site.poll(awards=(("十佳党员", 4, 3),), state="certified")
    with live_site.app.app_context(), transaction() as session:
        poll = session.scalars(select(Poll)).one()
        for number, votes in enumerate((9, 7, 7, 1), start=1):
            session.add(CertifiedCount(poll_id=poll.id, number=number, votes=votes))
    page.goto(f"{live_site.url}/polls/{slug}/results")
    expect(page.locator(".award li")).to_have_text(
        [
            "第1名示例0019 票",
            "第2名示例0027 票 并列",
            "第2名示例0037 票 并列",
            "以上为得票前2名（最后2名并列，未分先后）。得票是参考之一，表彰对象由研究确定。",
            "第4名示例0041 票",
        ]
    )


# How a voter acts


def start(page: Page, *, arrive: bool = True) -> None:
    # Who reads is known once the time left is shown.
    expect(page.locator("#left")).not_to_be_empty()
    page.locator("#start").click()
    if arrive:
        expect(page.locator("#list")).to_be_visible()


def open_list(site: LiveSite, page: Page, slug: str) -> None:
    page.goto(f"{site.url}/polls/{slug}")
    start(page)


def card(page: Page, number: int) -> Locator:
    return page.locator(f'[data-number="{number}"]')


def pick(page: Page, number: int) -> Locator:
    return card(page, number).locator(".pick")


def choose(page: Page, *numbers: int) -> None:
    for number in numbers:
        pick(page, number).click()


def vote(site: LiveSite, page: Page, slug: str, *numbers: int) -> None:
    open_list(site, page, slug)
    choose(page, *numbers)
    page.get_by_role("link", name="核对选票").click()
    page.get_by_role("button", name="确认投票").click()
    expect(page.get_by_role("heading", name="已投成功")).to_be_visible()


# What can be seen of it


def ballots(site: LiveSite, slug: str) -> list[tuple[int, ...]]:
    with site.app.app_context(), transaction() as session:
        query = select(Ballot.choices).join(Poll, Poll.id == Ballot.poll_id).where(Poll.slug == slug)
        return [unpack(choices) for choices in session.scalars(query.order_by(Ballot.id))]


def complaints_of(page: Page) -> list[str]:
    """Collect what the browser objects to from now on: errors of scripts, refused styles, missing files."""
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return complaints


def scroll_place(page: Page) -> float:
    place: float = page.evaluate("window.pageYOffset")
    return place


def order_of(site: LiveSite, page: Page, slug: str) -> list[int]:
    open_list(site, page, slug)
    numbers: list[str] = page.locator(".person").evaluate_all("cards => cards.map(card => card.dataset.number)")
    return [int(number) for number in numbers]


def assert_fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= EDGE


def too_small(page: Page, part: str) -> list[str]:
    """Name what can be pressed and is less than 44 pixels high or wide."""
    found: list[str] = page.locator(f"{part} :is(a, button, input, select)").evaluate_all(
        """elements => elements
            .map(element => [element.outerHTML.slice(0, 60), element.getBoundingClientRect()])
            .filter(([, box]) => box.width > 0 && (box.width < 43.9 || box.height < 43.9))
            .map(([name]) => name)"""
    )
    return found
