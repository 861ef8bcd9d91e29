"""Setting options: a new version each time, in somebody's name and for a reason, never over another's head."""

import threading

import pytest
from flask import Flask
from sqlalchemy import select

from app.texts import HOME_NOTICE
from foundation.errors import NotAllowed, NotFound
from foundation.transaction import transaction
from staff.accounts import Account
from staff.actors import COMMAND_LINE, Actor
from staff.audit.models import AuditEntry
from staff.options.errors import InvalidOption, OutdatedVersion, UnconfirmedConsequence
from staff.options.reading import PAGE_SIZE, option_history, option_sheet, version_sheet
from staff.options.registry import OptionDeclaredTwiceError, declare_option, read_option
from staff.options.setting import restore_version, set_option
from staff.roles import Role
from tests.staff.factories_staff import actor_of, make_staff, recorded
from tests.staff.options.factories_options import kept, one, put_version, set_to
from votes.limits import PER_VOTER
from wechat.replies import GREETING

NOTICE, LIMIT = HOME_NOTICE.name, PER_VOTER.name


def set_notice(text: str, actor: Actor, based_on: int = 0, reason: str = "示例理由") -> bool:
    return set_option(NOTICE, one(text), actor, based_on=based_on, reason=reason)


def test_a_change_holds_at_once_and_is_kept_with_who_and_why(office: Actor) -> None:
    changed = set_notice("今晚维护", office, reason="系统升级")

    assert (changed, HOME_NOTICE.value(), read_option(NOTICE)) == (True, "今晚维护", "今晚维护")
    assert kept(HOME_NOTICE) == [(1, "今晚维护", "jingban", "系统升级")]


def test_the_trail_names_the_option_and_the_reason_and_not_the_value(office: Actor) -> None:
    set_notice("今晚维护", office, reason="系统升级")

    with transaction() as session:
        (entry,) = session.scalars(select(AuditEntry))
        assert (entry.act, entry.object, entry.fields, entry.purpose) == (
            "options.texts",
            "设置“首页通知”",
            [NOTICE],
            "系统升级",
        )
        assert "今晚维护" not in str(vars(entry))


def test_what_changes_nothing_is_no_version(office: Actor) -> None:
    set_notice("今晚维护", office)

    assert set_notice("今晚维护", office, based_on=1, reason="") is False
    assert len(kept(HOME_NOTICE)) == 1


@pytest.mark.parametrize("based_on", [0, 2])
def test_who_saw_another_version_is_refused_and_nothing_is_overwritten(office: Actor, based_on: int) -> None:
    set_to(HOME_NOTICE, "同事写的")

    with pytest.raises(OutdatedVersion) as caught:
        set_notice("我写的", office, based_on=based_on)

    assert (caught.value.status, caught.value.version, HOME_NOTICE.value()) == (409, 1, "同事写的")


def test_of_two_who_save_at_once_one_is_refused(app: Flask, office: Actor) -> None:
    together = threading.Barrier(6)
    outcomes: list[bool | None] = []

    def save(number: int) -> None:
        with app.app_context():
            together.wait(10)
            try:
                outcomes.append(set_notice(f"第{number}人写的", office))
            except OutdatedVersion:
                outcomes.append(None)

    threads = [threading.Thread(target=save, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert sorted(map(str, outcomes)) == ["None"] * 5 + ["True"]
    assert [version for version, *_ in kept(HOME_NOTICE)] == [1]


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("", "请写明为什么改，几个字就行。"),
        (" ", "请写明为什么改，几个字就行。"),
        ("由" * 201, "理由最多200个字，现在是201个。"),
    ],
)
def test_a_change_has_a_reason(office: Actor, reason: str, sentence: str) -> None:
    with pytest.raises(InvalidOption) as caught:
        set_notice("今晚维护", office, reason=reason)

    assert caught.value.faults == {"reason": sentence}
    assert kept(HOME_NOTICE) == []


def test_what_does_not_fit_is_refused(office: Actor) -> None:
    with pytest.raises(InvalidOption) as caught:
        set_notice("长" * 121, office)

    assert caught.value.faults == {"value": "首页通知最多120个字，现在是121个。"}


def test_a_change_with_a_consequence_waits_for_a_yes(administrator: Account) -> None:
    actor = actor_of(administrator)
    with pytest.raises(UnconfirmedConsequence) as caught:
        set_option(LIMIT, one("5"), actor, based_on=0, reason="有人刷票")

    assert caught.value.message == (
        "每个微信号每分钟可试的次数从20次改为5次，会被拦下的人变多，投票人多的时候可能误拦。"
        "保存后几秒内生效。被拦下的人看到“操作太快”，过一分钟可以再试；已经收下的票不受影响。"
    )
    assert PER_VOTER.value() == 20
    set_option(LIMIT, one("5"), actor, based_on=0, reason="有人刷票", confirmed=True)
    assert PER_VOTER.value() == 5


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_limits_are_the_administrators_alone(app: Flask, role: Role) -> None:
    unit = "示例县" if role in (Role.UNIT, Role.INVESTIGATOR) else None
    actor = actor_of(make_staff("bieren", "示例某人", role, unit))

    with pytest.raises(NotAllowed):
        set_option(LIMIT, one("5"), actor, based_on=0, reason="有人刷票", confirmed=True)

    assert recorded() == [("bieren", "options.limits", "设置“每个微信号每分钟最多试几次”", "refused")]


def test_a_command_line_sets_nothing_in_nobodys_name(app: Flask) -> None:
    with pytest.raises(NotAllowed):
        set_notice("今晚维护", COMMAND_LINE)


def test_an_unknown_option_is_told_so(office: Actor) -> None:
    with pytest.raises(NotFound):
        set_option("no.such", one("x"), office, based_on=0, reason="示例理由")


def test_an_option_is_declared_once() -> None:
    with pytest.raises(OptionDeclaredTwiceError):
        declare_option(NOTICE, "x", HOME_NOTICE.kind, "", group=HOME_NOTICE.group, act="x", hint="")


class TestRestoring:
    def test_an_old_version_holds_again_as_a_new_one(self, office: Actor) -> None:
        set_to(HOME_NOTICE, "第一版")
        set_to(HOME_NOTICE, "第二版")

        restore_version(NOTICE, 1, office, based_on=2, reason="改错了")

        assert HOME_NOTICE.value() == "第一版"
        assert kept(HOME_NOTICE)[2:] == [(3, "第一版", "jingban", "改错了")]
        assert recorded() == [("jingban", "options.texts", "设置“首页通知”", "done")]

    def test_the_default_holds_again_whatever_it_will_be(self, office: Actor) -> None:
        set_to(HOME_NOTICE, "第一版")

        restore_version(NOTICE, 0, office, based_on=1, reason="不用了")

        assert (HOME_NOTICE.value(), kept(HOME_NOTICE)[1][1]) == ("", None)

    def test_who_saw_another_version_is_refused(self, office: Actor) -> None:
        set_to(HOME_NOTICE, "第一版")
        set_to(HOME_NOTICE, "第二版")

        with pytest.raises(OutdatedVersion):
            restore_version(NOTICE, 0, office, based_on=1, reason="改错了")

    def test_what_holds_already_is_no_new_version(self, office: Actor) -> None:
        set_to(HOME_NOTICE, "第一版")

        assert restore_version(NOTICE, 1, office, based_on=1, reason="") is False

    def test_an_old_value_that_may_be_used_no_more_is_refused(self, office: Actor) -> None:
        put_version(GREETING, "长" * 301)
        set_to(GREETING, "您好。")

        with pytest.raises(InvalidOption):
            restore_version(GREETING.name, 1, office, based_on=2, reason="改错了")

    def test_a_version_that_never_was_is_told_so(self, office: Actor) -> None:
        with pytest.raises(NotFound):
            restore_version(NOTICE, 7, office, based_on=0, reason="改错了")


class TestReading:
    def test_the_sheet_names_who_set_what_holds(self, office: Actor) -> None:
        set_notice("今晚维护", office, reason="系统升级")

        current = option_sheet(NOTICE).current

        assert (current.number, current.value, current.person, current.reason, current.is_default) == (
            1,
            "今晚维护",
            "示例经办",
            "系统升级",
            False,
        )

    def test_the_history_tells_what_each_version_changed(self, office: Actor) -> None:
        set_option(GREETING.name, one("您好。\n欢迎关注。"), office, based_on=0, reason="一")
        set_option(GREETING.name, one("您好。\n谢谢关注。"), office, based_on=1, reason="二")
        restore_version(GREETING.name, 0, office, based_on=2, reason="三")

        history = option_history(GREETING.name)

        told = [
            (line.version.number, [("+" if c.added else "-") + c.line for c in line.changes]) for line in history.lines
        ]
        assert told == [
            (3, ["-您好。", "-谢谢关注。", "+您好，欢迎关注。"]),
            (2, ["-欢迎关注。", "+谢谢关注。"]),
            (1, ["-您好，欢迎关注。", "+您好。", "+欢迎关注。"]),
        ]
        assert (history.current, history.older) == (3, None)

    @pytest.mark.parametrize(("versions", "pages"), [(PAGE_SIZE, [20]), (PAGE_SIZE + 1, [20, 1]), (45, [20, 20, 5])])
    def test_a_long_history_is_paged_without_a_gap(self, app: Flask, versions: int, pages: list[int]) -> None:
        for number in range(1, versions + 1):
            set_to(HOME_NOTICE, f"第{number}版")

        found, before = [], None
        while True:
            history = option_history(NOTICE, before)
            found.append([line.version.number for line in history.lines])
            assert all(len(line.changes) in (1, 2) for line in history.lines)
            before = history.older
            if before is None:
                break

        assert [len(page) for page in found] == pages
        assert [number for page in found for number in page] == list(range(versions, 0, -1))

    def test_an_old_version_is_shown_against_what_holds(self, app: Flask) -> None:
        set_to(HOME_NOTICE, "第一版")
        set_to(HOME_NOTICE, "第二版")

        sheet = version_sheet(NOTICE, 1)

        assert (sheet.old.value, sheet.current.value) == ("第一版", "第二版")
        assert [(change.added, change.line) for change in sheet.changes] == [(False, "第二版"), (True, "第一版")]
