"""What an order to the sandbox means: settings of an account, faults and pushes, read from JSON."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from wechat.sandbox.config import SandboxConfig, SettingError
from wechat.sandbox.engine.messages import MESSAGE_FIELDS, Field, Incoming, event, message
from wechat.sandbox.errors import AdminError
from wechat.sandbox.faults.plan import Fault
from wechat.sandbox.state.account import Account
from wechat.sandbox.state.followers import Follower
from wechat.sandbox.state.mass import MassJob
from wechat.sandbox.world import World

FIRST = "-"
FIXED = frozenset({"appid", "clock", "rng"})
CHANGEABLE = tuple(field.name for field in fields(SandboxConfig) if field.name not in FIXED)
FAULT_FIELDS = tuple(field.name for field in fields(Fault) if field.init and field.name not in ("number", "fired"))
PERSON_FIELDS = (
    "large_type",
    "snapshot",
    "blacklisted",
    "refuses_notices",
    "client_platform_type",
    "language",
)


def account_of(world: World, appid: str) -> Account:
    """The account of that appid; `-` is the one the sandbox was started with."""
    account = world.first if appid == FIRST else world.by_appid(appid)
    if account is None:
        raise AdminError(404, f"no account {appid}")
    return account


def person_of(account: Account, name: object) -> Follower:
    """A person by key or openid."""
    text = str(name)
    person = account.followers.find(text) or account.followers.by_openid(text)
    if person is None:
        raise AdminError(404, f"nobody has the key or openid {text}")
    return person


def change_settings(account: Account, given: Mapping[str, Any]) -> None:
    """Change settings of SandboxConfig from now on."""
    account_changes = _settings(given)
    try:
        account.change(**account_changes)
    except SettingError as error:
        raise AdminError(422, str(error)) from error


def open_account(world: World, given: Mapping[str, Any]) -> Account:
    """Open another account; what is not given is as on the first one."""
    appid = given.get("appid")
    if not isinstance(appid, str) or not appid:
        raise AdminError(422, "appid is missing")
    config = world.first.config
    values = {field.name: getattr(config, field.name) for field in fields(SandboxConfig)}
    others = {name: value for name, value in given.items() if name != "appid"}
    try:
        return world.add(SandboxConfig(**(values | _settings(others) | {"appid": appid})))
    except SettingError as error:
        raise AdminError(422, str(error)) from error


def account_json(account: Account) -> dict[str, object]:
    """An account's settings without its secrets' clock and dice, and what it holds."""
    settings = {name: _plain(getattr(account.config, name)) for name in CHANGEABLE}
    holds = {"followers": account.followers.count(), "sent": account.outbox.sent()}
    return {"appid": account.config.appid, **settings, "rights": sorted(account.config.rights), **holds}


def order_fault(world: World, given: Mapping[str, Any]) -> Fault:
    """Have something go wrong; the keys are those of Fault."""
    unknown = [name for name in given if name not in FAULT_FIELDS]
    if unknown or "kind" not in given:
        raise AdminError(422, f"a fault has kind and {', '.join(FAULT_FIELDS[1:])}, not {', '.join(unknown) or 'none'}")
    try:
        return world.faults.order(Fault(**given))
    except (TypeError, ValueError) as error:
        raise AdminError(422, str(error)) from error


def fault_json(fault: Fault) -> dict[str, object]:
    return {name: getattr(fault, name) for name in ("number", *FAULT_FIELDS, "fired")}


def change_person(account: Account, person: Follower, given: Mapping[str, Any]) -> None:
    """Change a person without any event."""
    for name, value in given.items():
        if name == "following":
            account.followers.set_following(person, bool(value))
        elif name in PERSON_FIELDS:
            setattr(person, name, value)
        else:
            raise AdminError(422, f"a person has following, {', '.join(PERSON_FIELDS)}, not {name}")


def read_push(account: Account, given: Mapping[str, Any]) -> Incoming:
    """A push of any kind: `person`, and either `kind` of a message or `event` and `event_key`, with `fields`."""
    openid = person_of(account, given.get("person")).openid
    more = given.get("fields") or {}
    if not isinstance(more, dict):
        raise AdminError(422, "fields must be an object")
    if "event" in given:
        key = given.get("event_key")
        return event(account.config, account.clock, openid, str(given["event"]), key, _xml_fields(more))
    kind = str(given.get("kind", "text"))
    if kind not in MESSAGE_FIELDS:
        raise AdminError(422, f"kind must be one of {', '.join(MESSAGE_FIELDS)}")
    return message(account.config, account.clock, openid, kind, more)


def mass_json(job: MassJob) -> dict[str, object]:
    return {
        "msg_id": job.msg_id,
        "state": job.state,
        "status": job.status,
        "total": job.total,
        "sent": job.sent,
        "content": asdict(job.content),
    }


def _settings(given: Mapping[str, Any]) -> dict[str, Any]:
    unknown = [name for name in given if name not in CHANGEABLE]
    if unknown:
        raise AdminError(422, f"unknown settings {', '.join(unknown)}; known: {', '.join(CHANGEABLE)}")
    return {name: _typed(name, value) for name, value in given.items()}


def _typed(name: str, value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return frozenset(value) if name == "quiet_events" else tuple(value)


def _plain(value: object) -> object:
    return sorted(value) if isinstance(value, frozenset) else value


def _xml_fields(given: Mapping[str, Any]) -> tuple[Field, ...]:
    """JSON as XML: an object is an element with elements in it, a list the same element several times."""
    found: list[Field] = []
    for name, value in given.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                found.append((name, _xml_fields(one)))
            else:
                found.append((name, one if isinstance(one, int) else str(one)))
    return tuple(found)
