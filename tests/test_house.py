"""The house stands: every module is in a storey, imports alone, and imports only fall."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
STOREYS = ("config", "foundation", "staff", "wechat", "votes", "app", "wsgi")
# A first child says which modules of others the whole service loads; the children that matter find those loaded, and
# what lies below their storey.
IMPORT_EACH_ALONE = """
import importlib, json, os, sys

def in_a_child(work):
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os._exit(work(write))
    os.close(write)
    with open(read) as said:
        text = said.read()
    return os.waitpid(child, 0)[1], text

def name_what_others_made(write):
    import app.cli
    ours = ("config", "foundation", "staff", "wechat", "votes", "app", "wsgi", "__main__")
    names = [name for name in sys.modules if name.partition(".")[0] not in ours]
    os.write(write, json.dumps(names).encode())
    return 0

def import_alone(name):
    try:
        importlib.import_module(name)
    except BaseException as error:
        print(name, repr(error), flush=True)
        return 1
    return 0

below, of_the_storey = map(json.loads, sys.argv[1:])
for name in (*json.loads(in_a_child(name_what_others_made)[1]), *below):
    try:
        importlib.import_module(name)
    except ImportError:
        pass
failed = [name for name in of_the_storey if in_a_child(lambda _write: import_alone(name))[0]]
sys.exit(bool(failed))
"""
WAYS_IN = ("views.py", "console.py", "cli.py", "replies.py", "jobs.py")


def modules() -> list[str]:
    files = [ROOT / "config.py", ROOT / "wsgi.py"]
    files += [path for storey in STOREYS for path in sorted((ROOT / storey).rglob("*.py"))]
    return [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in files]


def imports_of(module: str) -> Iterator[str]:
    path = ROOT / module.replace(".", "/")
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_every_module_stands_in_a_storey() -> None:
    strays = [
        path.name
        for path in ROOT.glob("*")
        if (path.suffix == ".py" and path.stem not in STOREYS)
        or ((path / "__init__.py").exists() and path.name not in STOREYS)
    ]

    assert strays == ["benchmarks"]


def test_imports_only_fall() -> None:
    climbing = [
        f"{module} imports {target}"
        for module in modules()
        for target in imports_of(module)
        if (storey := target.split(".")[0]) in STOREYS and STOREYS.index(storey) > STOREYS.index(module.split(".")[0])
    ]

    assert climbing == []


def test_no_module_imports_inside_a_function() -> None:
    hidden = [
        f"{module}:{inner.lineno}"
        for module in modules()
        for node in ast.walk(_tree(module))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]

    assert hidden == []


def test_every_module_says_what_it_is() -> None:
    assert [module for module in modules() if not ast.get_docstring(_tree(module))] == []


def test_ways_in_leave_the_session_to_use_cases() -> None:
    touching = [
        path.relative_to(ROOT).as_posix()
        for storey in STOREYS
        for path in (ROOT / storey).rglob("*.py")
        if path.name in WAYS_IN and "db.session" in path.read_text(encoding="utf-8")
    ]

    assert touching == []


@pytest.mark.parametrize("storey", STOREYS)
def test_each_module_can_be_imported_alone(storey: str) -> None:
    """Each in an interpreter of its own, forked from one that has loaded what others made and the storeys below.

    No circle leads through those, for imports only fall, and they are tried in their own turn.
    """
    lower = STOREYS[: STOREYS.index(storey)]
    below = [name for name in modules() if name.split(".")[0] in lower and not name.startswith("wechat.sandbox")]
    of_the_storey = [name for name in modules() if name.split(".")[0] == storey]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", IMPORT_EACH_ALONE, json.dumps(below), json.dumps(of_the_storey)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout, done.returncode) == ("", 0), done.stderr


def _tree(module: str) -> ast.Module:
    path = ROOT / module.replace(".", "/")
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(file.read_text(encoding="utf-8"))
