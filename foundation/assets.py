"""The front end's files: gathered from every room, compressed once, named by their content, cached for ever."""

import hashlib
import mimetypes
from pathlib import Path

from flask import Flask, Response, abort, current_app, request

from foundation.pages import prepare_file

FOREVER = "public, max-age=31536000, immutable"


class Assets:
    """All files that may be served, by the name under which templates know them."""

    def __init__(self) -> None:
        self._paths: dict[str, Path] = {}
        self._versions: dict[str, str] = {}

    def add_folder(self, folder: Path) -> None:
        """Offer every file below `folder` under its path relative to it."""
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                self.add_file(path.relative_to(folder).as_posix(), path)

    def add_file(self, name: str, path: Path) -> None:
        self._paths[name] = path
        self._versions[name] = hashlib.sha256(path.read_bytes()).hexdigest()[:12]

    def url(self, name: str) -> str:
        """Return the address of a file, which changes with its content; a wrong name is a programmer's error."""
        return f"/static/{self._versions[name]}/{name}"

    def answer(self, version: str, name: str) -> Response:
        """Serve a file as it is now; an address with another version is gone."""
        if self._versions.get(name) != version:
            abort(404)
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        if kind.startswith("text/") or kind == "application/javascript":
            kind += "; charset=utf-8"
        return prepare_file(str(self._paths[name]), kind, version).answer(request, cache=FOREVER)


def init_assets(app: Flask, folders: list[Path], vendor: dict[str, Path]) -> None:
    """Gather the rooms' static folders and the third-party files that are used, and route to them."""
    assets = Assets()
    for folder in folders:
        assets.add_folder(folder)
    for name, path in vendor.items():
        if path.exists():
            assets.add_file(name, path)
    app.extensions["assets"] = assets
    app.add_template_global(assets.url, "asset")

    @app.get("/static/<version>/<path:name>")
    def asset_file(version: str, name: str) -> Response:
        found: Assets = current_app.extensions["assets"]
        return found.answer(version, name)
