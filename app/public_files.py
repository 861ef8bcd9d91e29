"""Public photos by the digest of their content, which makes them cacheable for ever."""

from flask import Blueprint, Response, send_file

from foundation.assets import FOREVER
from foundation.files import file_store
from votes.pictures import MEDIA_TYPE

blueprint = Blueprint("public_files", __name__)


@blueprint.get("/files/<digest>")
def public_file(digest: str) -> Response:
    response = send_file(file_store().public_path(digest), mimetype=MEDIA_TYPE, etag=digest)
    response.headers["Cache-Control"] = FOREVER
    return response
