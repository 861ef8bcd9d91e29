"""What is printed once the site answers."""

import click
import structlog
from flask import Flask

from app.starting import sandbox_port
from config import Settings
from staff.actors import SYSTEM
from wechat.errors import WeChatError
from wechat.menu import publish_menu

log = structlog.get_logger(__name__)


def announce_demo(app: Flask) -> None:
    """Publish the account's menu to the sandbox and print where to go."""
    settings: Settings = app.config["SETTINGS"]
    try:
        publish_menu(SYSTEM)
    except WeChatError as error:
        log.warning("menu_not_published", errcode=error.errcode)
    phone = f"http://127.0.0.1:{sandbox_port(settings)}/"
    click.echo(
        f"""
演示已经启动，全部数据都是虚构的。

  手机（模拟微信）   {phone}
      选一个人，点底部菜单“网上评议 → 投票”
  网页               {settings.public_url}/
  工作台             {settings.public_url}/console/
      演示账号一键登录

  数据在 {settings.data_dir}，按 Ctrl-C 停止，再次启动不丢数据。
"""
    )


def announce_service(app: Flask) -> None:
    """Say that the service answers, and where."""
    settings: Settings = app.config["SETTINGS"]
    click.echo(f"The service answers on port {settings.port} for {settings.public_url}. Ctrl-C stops it.")
