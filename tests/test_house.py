"""The house stands: every module is in a storey, imports alone, and imports only fall."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STOREYS = ("config", "foundation", "staff", "wechat", "publicity", "votes", "app", "wsgi")
# A first child says which modules of others the whole service loads; they are loaded, none of ours is. Then each module
# is imported in a process of its own, forked from that of one that it imports: nothing is loaded there but what the
# module needs itself.
IMPORT_EACH_ALONE = """
import importlib, json, os, sys

OURS, branches = json.loads(sys.argv[1]), json.loads(sys.argv[2])

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
    names = [name for name in sys.modules if name.partition(".")[0] not in (*OURS, "__main__")]
    os.write(write, json.dumps(names).encode())
    return 0

def import_alone(name):
    try:
        importlib.import_module(name)
    except BaseException as error:
        print(name, repr(error), flush=True)
        return 1
    return follow(name)

def follow(name):
    failed = [child for child in branches.get(name, ()) if in_a_child(lambda _write: import_alone(child))[0]]
    return int(bool(failed))

for name in json.loads(in_a_child(name_what_others_made)[1]):
    try:
        importlib.import_module(name)
    except ImportError:
        pass
sys.exit(follow(""))
"""
WAYS_IN = ("views.py", "console.py", "cli.py", "replies.py", "jobs.py")


@cache
def modules() -> tuple[str, ...]:
    files = [ROOT / "config.py", ROOT / "wsgi.py"]
    files += [path for storey in STOREYS for path in sorted((ROOT / storey).rglob("*.py"))]
    return tuple(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in files)


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


def test_each_module_can_be_imported_alone() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", IMPORT_EACH_ALONE, json.dumps(STOREYS), json.dumps(_branches())],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout, done.returncode) == ("", 0), done.stderr


def _branches() -> dict[str, list[str]]:
    """Return for each module those that are imported where it is loaded already, and under "" those that begin anew.

    Each hangs on the one of its imports that brings the most along; a module in a circle begins anew.
    """
    needs = {module: _closure(module) for module in modules()}
    branches: dict[str, list[str]] = {}
    for module in needs:
        below = [name for name in _needed_by(module) if module not in needs[name]]
        stem = max(below, key=lambda name: len(needs[name]), default="")
        branches.setdefault(stem, []).append(module)
    return branches


def _closure(module: str) -> frozenset[str]:
    found: set[str] = set()
    left = [module]
    while left:
        new = _needed_by(left.pop()) - found
        found |= new
        left += new
    return frozenset(found)


@cache
def _needed_by(module: str) -> frozenset[str]:
    """Return those of our modules that a module imports, and the packages it stands in."""
    known = frozenset(modules())
    parts = module.split(".")
    packages = {".".join(parts[:depth]) for depth in range(1, len(parts))}
    return frozenset((packages | set(_imported(module))) & known)


def _imported(module: str) -> Iterator[str]:
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def _tree(module: str) -> ast.Module:
    path = ROOT / module.replace(".", "/")
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(file.read_text(encoding="utf-8"))
