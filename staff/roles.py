"""The six kinds of people on the staff."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """What somebody is on the staff for; each member has one."""

    ADMINISTRATOR = "administrator"
    LEADER = "leader"
    OFFICE = "office"
    UNIT = "unit"
    INVESTIGATOR = "investigator"
    SUPERVISOR = "supervisor"


ROLE_NAMES: Mapping[Role, str] = MappingProxyType(
    {
        Role.ADMINISTRATOR: "系统管理员",
        Role.LEADER: "部领导",
        Role.OFFICE: "组织一科",
        Role.UNIT: "推荐单位",
        Role.INVESTIGATOR: "考察组",
        Role.SUPERVISOR: "监督员",
    }
)
OUTSIDERS = frozenset({Role.UNIT, Role.INVESTIGATOR})
"""Those who belong to a unit and see nothing but its things."""

LEADERS = frozenset({Role.LEADER})
EVERYBODY = frozenset(Role)
DEPARTMENT = EVERYBODY - OUTSIDERS
