"""The doctor: what is wrong with an account is found, and said with what to click."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from rq import SimpleWorker
from rq.serializers import JSONSerializer

from config import ConfigError, load_settings
from foundation.keyvalue import keyvalue
from foundation.queues import queue
from staff.roles import Role
from tests.staff.factories_staff import Browser, make_staff
from tests.wechat.admin_of_sandbox import SandboxAdmin
from tests.wechat.conftest import UseAccount, World
from wechat.account import current_account
from wechat.doctor import Finding, Level, examine, explain_variables, last_examination
from wechat.doctor.examination import CHECKS, run_examination
from wechat.doctor.site import check_address, check_callback, check_domain_file
from wechat.refused_pushes import note_refusal


@pytest.fixture(autouse=True)
def nothing_remembered(world: World) -> Iterator[None]:
    """What the breaker and earlier examinations left in Redis would be found again."""
    keyvalue().flushdb()
    yield
    keyvalue().flushdb()


def found(level: Level) -> dict[str, Finding]:
    return {finding.title: finding for findings in examine() for finding in findings if finding.level is level}


def test_a_sound_account_has_no_fault(world: World, admin: SandboxAdmin) -> None:
    admin.change(capabilities="service-verified")

    assert found(Level.FAULT) == {}
    assert set(found(Level.GOOD)) >= {
        "网址打得开",
        "服务器地址（URL）验证通过",
        "服务器的时钟是准的",
        "AppID、AppSecret和IP白名单都对",
        "试过的权限都能用",
    }


def test_an_address_that_is_not_whitelisted_is_named(world: World, admin: SandboxAdmin) -> None:
    admin.change(ip_whitelist=("192.0.2.7",))

    faults = found(Level.FAULT)

    assert [title for title in faults if "127.0.0.1不在IP白名单里" in title]
    assert all(one.steps for one in faults.values())


@pytest.mark.parametrize(
    ("setting", "said"),
    [({"secret": "another-secret-of-the-account"}, "AppSecret不对"), ({"secret_frozen": True}, "AppSecret被冻结")],
)
def test_wrong_credentials_are_told_apart(
    world: World, admin: SandboxAdmin, setting: dict[str, object], said: str
) -> None:
    admin.change(**setting)

    assert [title for title in found(Level.FAULT) if said in title]


def test_a_right_that_the_account_has_not_is_found_by_trying_it(world: World, admin: SandboxAdmin) -> None:
    admin.change(capabilities="sub-unverified")

    titles = "\n".join(found(Level.FAULT))

    assert "“自定义菜单”" in titles
    assert "“用户管理（查询是否关注）”" in titles
    current_account().capabilities.forget()
    assert not current_account().may("menu")


def test_a_platform_that_does_not_answer_is_said_to_be_out_of_reach(world: World, admin: SandboxAdmin) -> None:
    admin.fault("reset_before", "/cgi-bin/stable_token", count=20)

    assert "连不上微信的接口" in found(Level.FAULT)


@pytest.mark.parametrize(
    ("what", "said"), [("signature", "令牌"), ("encryption", "消息加解密方式"), ("ciphertext", "EncodingAESKey")]
)
def test_a_push_that_was_turned_away_says_which_setting_differs(world: World, what: str, said: str) -> None:
    note_refusal(what)

    faults = [title for title in found(Level.FAULT) if "有消息被拒收" in title]

    assert len(faults) == 1
    assert said in faults[0]


def test_a_push_that_came_after_it_outweighs_one_that_was_turned_away(world: World) -> None:
    world.phone("wu", "follow")
    note_refusal("signature")
    keyvalue().hset(f"wechat:{current_account().settings.wechat_appid}:refused-pushes", "signature", 1)

    assert "收得到公众号的消息" in found(Level.GOOD)
    assert not [title for title in found(Level.FAULT) if "有消息被拒收" in title]


def test_forged_pushes_leave_a_note_of_why(client: FlaskClient, use_account: UseAccount) -> None:
    use_account(wechat_message_mode="safe")
    client.post("/wechat/callback?signature=0&timestamp=1&nonce=2", data="<xml/>")

    assert keyvalue().hkeys(f"wechat:{current_account().settings.wechat_appid}:refused-pushes") == [b"encryption"]


def test_a_site_that_is_another_one_fails_the_callbacks_check(world: World, use_account: UseAccount) -> None:
    account = use_account(public_url=f"{world.platform}")

    findings = [*check_address(account), *check_callback(account)]

    assert [one.level for one in findings] == [Level.GOOD, Level.FAULT]
    assert findings[1].title == "服务器地址（URL）验证不通过"


def test_a_site_that_nobody_answers_for_is_a_hint(use_account: UseAccount) -> None:
    account = use_account(public_url="http://127.0.0.1:9")

    assert [one.level for one in (*check_address(account), *check_callback(account))] == [Level.HINT]


def test_the_domains_file_is_looked_for(use_account: UseAccount, tmp_path: Path) -> None:
    (without,) = check_domain_file(use_account(wechat_verify_files=tmp_path))
    (tmp_path / "MP_verify_abc123.txt").write_text("abc123")
    (present,) = check_domain_file(use_account(wechat_verify_files=tmp_path))
    none_needed = [*check_domain_file(use_account(wechat_capabilities="sub-verified"))]

    assert (without.level, present.level, none_needed) == (Level.HINT, Level.GOOD, [])
    assert "MP_verify_abc123.txt" in present.meaning


def test_an_examination_is_kept_for_the_console(world: World) -> None:
    run_examination()

    kept = last_examination()

    assert kept is not None
    assert (kept.done, kept.moving, kept.stalled, kept.faults) == (len(CHECKS), False, False, 0)
    assert "网址打得开" in [finding.title for finding in kept.findings]


def test_staff_have_the_account_examined_from_the_console(world: World, admin: SandboxAdmin) -> None:
    admin.change(ip_whitelist=("192.0.2.7",))
    browser = Browser(world.app).signed_in_as(make_staff("guanli", "示例管理", Role.ADMINISTRATOR))
    before = browser.get("/console/wechat/doctor").text

    answer = browser.submit("/console/wechat/doctor")
    waiting = browser.get("/console/wechat/doctor").text
    SimpleWorker([queue()], connection=queue().connection, serializer=JSONSerializer).work(
        burst=True, logging_level="ERROR"
    )
    done = browser.get("/console/wechat/doctor/progress").text

    assert answer.status_code == 303
    assert "还没有检查过" in before
    assert ("正在检查" in waiting, "hx-get" in waiting) == (True, True)
    assert "127.0.0.1不在IP白名单里" in done
    assert "hx-get" not in done


def test_missing_and_wrong_variables_are_explained_one_by_one() -> None:
    with pytest.raises(ConfigError) as refused:
        load_settings({"WECHAT_AES_KEY": "too short", "SECRET_KEY": "x" * 40, "FIELD_KEYS": "y" * 40})

    told = {finding.title: finding for finding in explain_variables(str(refused.value))}

    assert {"WECHAT_APPID没有填", "WECHAT_SECRET没有填", "WECHAT_TOKEN没有填", "WECHAT_AES_KEY填得不对"} <= set(told)
    assert all(finding.level is Level.FAULT and finding.steps for finding in told.values())
    assert "开发者ID" in told["WECHAT_APPID没有填"].steps[0]
