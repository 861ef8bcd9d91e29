"""Checks of the chain: by the clock, by a button, by a command; what they keep and what they put down elsewhere."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from flask import Flask
from rq import SimpleWorker
from rq.serializers import JSONSerializer
from sqlalchemy import select
from structlog.testing import capture_logs

from foundation.embedded.servers import Connections
from foundation.errors import Conflict, NotAllowed
from foundation.queues import queue
from foundation.transaction import transaction
from staff.accounts import Account
from staff.actors import COMMAND_LINE
from staff.audit import record
from staff.audit.chain import START, ChainBrokenError, Fault, Head
from staff.audit.checking import (
    CheckOutcome,
    chain_state,
    chain_trouble,
    check_in_background,
    check_whole,
    keep_checkpoint,
    request_check,
)
from staff.audit.checkpoints import read_marks, write_checkpoint
from staff.audit.cli import audit_commands
from staff.audit.console import desk_items
from staff.audit.models import AuditCheck
from staff.audit.verifying import verify_chain
from tests.conftest import DatabaseClock
from tests.staff.audit.factories_trail import owner_unbound, write_trail
from tests.staff.factories_staff import Browser, actor_of, recorded
from tests.statements import statements

CHANGE = "UPDATE audit_entry SET object = 'another' WHERE id = 2"
TROUBLE = "第2条记录被改动过"


@pytest.fixture
def change_one(connections: Connections, app: Flask) -> Callable[[str], None]:
    def run(statement: str = CHANGE) -> None:
        with owner_unbound(connections) as owner:
            owner.execute(statement.encode())

    return run


def work_off_the_queue() -> None:
    worker = SimpleWorker([queue()], connection=queue().connection, serializer=JSONSerializer)
    worker.work(burst=True, logging_level="ERROR")


def kept_checks() -> list[tuple[bool, int | None, str | None]]:
    with transaction() as session:
        checks = session.scalars(select(AuditCheck).order_by(AuditCheck.id))
        return [(check.whole, check.seq, check.fault) for check in checks]


def test_a_check_of_the_whole_says_that_all_is_well(app: Flask, supervisor: Account) -> None:
    head = write_trail(10)
    assert check_whole(actor_of(supervisor)) == CheckOutcome(verify_chain())
    assert (chain_trouble(), chain_state().links, chain_state().running) == (None, head.seq + 1, False)
    assert recorded()[-1] == ("jiandu", "audit.verify", "操作记录", "done")


def test_the_office_has_no_part_in_checking(app: Flask, member: Account) -> None:
    with pytest.raises(NotAllowed):
        check_whole(actor_of(member))
    assert recorded() == [("jingban", "audit.verify", "操作记录", "refused")]


def test_trouble_is_named_kept_and_stands_on_the_desk_of_who_sees_the_trail(
    supervisor: Account, member: Account, change_one: Callable[..., None], app: Flask
) -> None:
    write_trail(10)
    change_one()
    assert check_whole(COMMAND_LINE) == CheckOutcome(None, Fault.CHANGED, 2)
    assert (chain_trouble(), chain_state().trouble) == (TROUBLE, TROUBLE)
    with app.test_request_context():
        assert [(item.kind, item.detail) for item in desk_items(actor_of(supervisor))] == [("urgent", TROUBLE)]
        assert desk_items(actor_of(member)) == ()


def test_without_trouble_nothing_is_on_the_desk(app: Flask, supervisor: Account) -> None:
    write_trail(3)
    keep_checkpoint()
    assert desk_items(actor_of(supervisor)) == ()


def test_trouble_stands_until_the_whole_chain_is_found_well_again(change_one: Callable[..., None]) -> None:
    write_trail(10)
    assert keep_checkpoint().fault is None
    change_one()
    assert keep_checkpoint().fault is None, "what is new since is well"
    assert check_whole(COMMAND_LINE).fault is Fault.CHANGED
    with transaction():
        record("example.act", "示例对象", COMMAND_LINE)
    assert keep_checkpoint().fault is Fault.CHANGED, "with trouble every check is one of the whole"
    assert chain_trouble() == TROUBLE
    change_one("UPDATE audit_entry SET object = '示例对象1（demo-1）' WHERE id = 2")
    assert (keep_checkpoint().fault, chain_trouble()) == (None, None)


def test_by_the_clock_what_is_new_is_checked_hourly_and_the_whole_daily(
    app: Flask, change_one: Callable[..., None], database_clock: DatabaseClock
) -> None:
    write_trail(4)
    keep_checkpoint()
    write_trail(4)
    with statements() as seen:
        keep_checkpoint()
    assert kept_checks() == [(True, 4, None), (False, 8, None)]
    keep_checkpoint()
    assert kept_checks() == [(True, 4, None), (False, 8, None)], "one like the last takes its place"
    assert any("audit_link" in statement for statement in seen)
    change_one()
    assert keep_checkpoint().fault is None
    database_clock.advance(timedelta(hours=25))
    assert keep_checkpoint().fault is Fault.CHANGED


def test_what_was_checked_may_not_be_another_one_later(app: Flask, change_one: Callable[..., None]) -> None:
    write_trail(4)
    keep_checkpoint()
    change_one("UPDATE audit_link SET hash = previous WHERE seq = 4")
    assert keep_checkpoint() == CheckOutcome(None, Fault.REWRITTEN, 4)


def test_an_empty_trail_is_well_and_has_no_checkpoint(app: Flask, second_place: Path) -> None:
    assert keep_checkpoint() == CheckOutcome(START)
    assert (second_place.exists(), chain_trouble(), chain_state().links) == (False, None, 0)


def test_a_job_checks_the_whole_and_says_how_far_it_is(supervisor: Account, app: Flask) -> None:
    write_trail(6)
    request_check(actor_of(supervisor))
    state = chain_state()
    assert (state.running, state.percent) == (True, 0)
    with pytest.raises(Conflict):
        request_check(actor_of(supervisor))
    work_off_the_queue()
    state = chain_state()
    assert (state.running, state.trouble, state.links) == (False, None, 7)


def test_progress_is_seen_from_outside_while_a_long_chain_is_followed(app: Flask) -> None:
    write_trail(4_500, at_once=4_500)
    reached: list[int] = []
    assert verify_chain(on_progress=reached.append).seq == 4_500
    assert reached == [2_000, 4_000]


def test_a_job_that_runs_again_checks_nothing_anew(app: Flask, supervisor: Account) -> None:
    write_trail(2)
    request_check(actor_of(supervisor))
    work_off_the_queue()
    before = chain_state()
    with transaction() as session:
        (check_id,) = session.scalars(select(AuditCheck.id))
    check_in_background(check_id)
    check_in_background(check_id + 1)
    assert chain_state() == before


def test_a_check_whose_job_died_does_not_bar_the_next(
    app: Flask, supervisor: Account, database_clock: DatabaseClock
) -> None:
    request_check(actor_of(supervisor))
    database_clock.advance(timedelta(minutes=31))
    assert not chain_state().running
    request_check(actor_of(supervisor))
    assert chain_state().running


def test_a_checkpoint_is_one_signed_line_that_others_can_check(app: Flask, second_place: Path) -> None:
    first = write_trail(3)
    keep_checkpoint()
    second = write_trail(3)
    keep_checkpoint()
    head, *lines = second_place.read_text().splitlines()
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(head.split()[-1]))
    for line, link in zip(lines, (first, second), strict=True):
        text, _, signature = line.rpartition(" ")
        key.verify(bytes.fromhex(signature), f"audit checkpoint 1\n{text}".encode())
        assert text.split()[1:] == [str(link.seq), link.hash.hex()]
    assert read_marks() == {3: first.hash, 6: second.hash}
    assert second_place.stat().st_mode & 0o777 == 0o600


def test_a_checkpoint_goes_to_the_log_too(app: Flask) -> None:
    with capture_logs() as logged:
        line = write_checkpoint(write_trail(3))
    assert logged == [{"event": "audit_checkpoint", "log_level": "info", "line": line}]


def test_a_line_that_a_crash_cut_off_harms_neither_the_others_nor_the_next(app: Flask, second_place: Path) -> None:
    first = write_trail(3)
    write_checkpoint(first)
    with second_place.open("a") as file:
        file.write("2026-04-25T10:00:00Z 4 abcd")
    second = write_trail(3)
    write_checkpoint(second)
    assert read_marks() == {3: first.hash, 6: second.hash}
    assert verify_chain() == second


def test_a_chain_that_does_not_hold_is_never_signed(
    app: Flask, second_place: Path, change_one: Callable[..., None]
) -> None:
    write_trail(3)
    change_one()
    assert keep_checkpoint().fault is Fault.CHANGED
    assert not second_place.exists()


def test_a_second_place_that_is_not_there_is_trouble_until_it_is(app: Flask, second_place: Path) -> None:
    write_trail(3)
    second_place.parent.rmdir()
    assert keep_checkpoint() == CheckOutcome(None, Fault.NOT_KEPT)
    assert chain_trouble() == "检查点的第二存放处读不出或写不进"
    second_place.parent.mkdir()
    assert (keep_checkpoint().fault, chain_trouble()) == (None, None)


def test_two_checkpoints_that_contradict_one_another_are_trouble(app: Flask, second_place: Path) -> None:
    head = write_trail(3)
    write_checkpoint(head)
    write_checkpoint(Head(3, bytes(32)))
    with pytest.raises(ChainBrokenError) as broken:
        verify_chain()
    assert (broken.value.fault, broken.value.seq) == (Fault.REWRITTEN, 3)


def test_the_command_says_that_the_trail_is_intact(app: Flask) -> None:
    write_trail(3)
    result = app.test_cli_runner().invoke(audit_commands, ["verify"])
    assert (result.exit_code, result.stdout) == (0, f"intact: 4 entries, {verify_chain().hash.hex()}\n")
    assert recorded()[-1] == ("command line", "audit.verify", "操作记录", "done")


def test_the_command_names_the_first_link_that_does_not_hold(app: Flask, change_one: Callable[..., None]) -> None:
    write_trail(3)
    change_one()
    result = app.test_cli_runner().invoke(audit_commands, ["verify"])
    assert (result.exit_code, result.stdout, result.stderr) == (
        1,
        "",
        "broken at 2: the entry or its link was changed\n",
    )


def test_the_command_puts_down_a_checkpoint(app: Flask, second_place: Path) -> None:
    head = write_trail(3)
    result = app.test_cli_runner().invoke(audit_commands, ["checkpoint"])
    assert (result.exit_code, read_marks()) == (0, {3: head.hash})


@pytest.mark.parametrize("who", ["jiandu", "jingban", "nobody"])
def test_the_command_runs_in_the_name_of_who_may(app: Flask, supervisor: Account, member: Account, who: str) -> None:
    result = app.test_cli_runner().invoke(audit_commands, ["verify", "--as", who])
    assert result.exit_code == (0 if who == "jiandu" else 1)


def test_the_button_starts_a_check_and_the_page_shows_it(watch: Browser) -> None:
    write_trail(3)
    assert "还没有核对" in watch.get("/console/audit").text
    watch.submit("/console/audit/verify")
    running = watch.get("/console/audit/chain").text
    assert ('hx-trigger="every 2s"' in running, "从头核对的进度" in running) == (True, True)
    assert (
        "正在核对"
        in watch.client.post(
            "/console/audit/verify",
            data={"csrf_token": watch.csrf_token()},
            headers={"Origin": watch.origin},
            follow_redirects=True,
        ).text
    )
    work_off_the_queue()
    done = watch.get("/console/audit/chain").text
    assert ("链条完好" in done, "hx-get" in done, "共 4 条" in done) == (True, False, True)


def test_the_page_says_what_is_wrong(watch: Browser, change_one: Callable[..., None]) -> None:
    write_trail(3)
    change_one()
    check_whole(COMMAND_LINE)
    page = watch.get("/console/audit").text
    assert (TROUBLE in page, "链条完好" in page) == (True, False)
    assert TROUBLE in watch.get("/console/").text
