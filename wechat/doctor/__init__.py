"""The doctor: looks at the account's settings from every side and says in Chinese what is wrong and what to click.

`variables` reads what the environment lacks, `site` looks at us from outside, `platform` asks WeChat; `examination`
runs them one after the other and keeps the last result for the console.
"""

from wechat.doctor.examination import Examination, begin_examination, examine, last_examination
from wechat.doctor.findings import Finding, Level
from wechat.doctor.variables import explain_variables

__all__ = [
    "Examination",
    "Finding",
    "Level",
    "begin_examination",
    "examine",
    "explain_variables",
    "last_examination",
]
