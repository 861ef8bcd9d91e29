"""`flask doctor`: what is wrong with this installation and with its account, in Chinese, with what to do about it."""

from collections.abc import Iterable, Iterator

import click
from flask import Flask

from config import ConfigError, Settings
from foundation.embedded.places import EmbeddedError
from foundation.keyvalue import RedisError, keyvalue
from wechat.doctor import Finding, Level, examine, explain_variables
from wechat.doctor.findings import fault, good, hint

_MARKS = {Level.GOOD: "正常", Level.HINT: "请看", Level.FAULT: "有错"}


def doctor_command(app: Flask, problem: ConfigError | EmbeddedError | None) -> click.Command:
    """Make the command; `problem` is what keeps the service from being reached."""

    @click.command()
    def doctor() -> None:
        """Examine settings and WeChat account and explain what to mend; exits with 1 where something is wrong."""
        faults = 0
        for finding in _problem_told(problem) if problem else _all_found(app):
            faults += finding.level is Level.FAULT
            click.echo(told(finding))
        click.echo(f"\n{faults}项要处理。" if faults else "\n没有发现要处理的问题。")
        raise SystemExit(1 if faults else 0)

    return doctor


def told(finding: Finding) -> str:
    """Write a finding as lines for a terminal."""
    lines = [f"[{_MARKS[finding.level]}] {finding.title}"]
    lines += [f"       {finding.meaning}"] if finding.meaning else []
    lines += [f"       {number}. {step}" for number, step in enumerate(finding.steps, 1)]
    return "\n".join(lines)


def examine_installation(settings: Settings) -> Iterator[Finding]:
    """Look at what does not concern the account: databases, proxies, a second place for the trail."""
    if settings.database_url and not settings.database_owner_url:
        yield hint(
            "数据库只有一个角色",
            "选票和操作记录只靠触发器保护，没有另一层。",
            "建一个只供平时用的角色填进DATABASE_URL，原来的填进DATABASE_OWNER_URL",
        )
    try:
        keyvalue().ping()
        yield good("数据库和Redis都连得上")
    except RedisError:
        yield fault("Redis连不上", "投票照常，但限流、实时票数和后台任务停了。", "检查REDIS_URL和Redis服务")
    if settings.secure and not settings.trusted_proxies:
        yield hint(
            "没有设TRUSTED_PROXIES",
            "前面有反向代理时，所有投票人会被当成同一个地址，一起限流。",
            "前面有一层nginx就设TRUSTED_PROXIES=1，重新启动服务",
        )
    if settings.secure and settings.checkpoint_dir is None:
        yield hint("没有设CHECKPOINT_DIR", "操作记录没有另存一处。", "填另一块盘或另一台机器上的文件夹，由监督一方保管")


def _problem_told(problem: ConfigError | EmbeddedError) -> Iterable[Finding]:
    if isinstance(problem, ConfigError):
        return explain_variables(str(problem))
    return (fault("服务没有运行", str(problem), "先用flask up启动服务，再另开一个窗口运行flask doctor"),)


def _all_found(app: Flask) -> Iterator[Finding]:
    with app.app_context():
        yield from examine_installation(app.config["SETTINGS"])
        for findings in examine():
            yield from findings
