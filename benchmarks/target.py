"""The service with the anchor beside it, for granian to serve."""

from flask import Flask, Response, request

from benchmarks.naive import blueprint as naive
from wsgi import create_service


def create_target() -> Flask:
    """Build the service as it is, with `/hello`, which reads the same body and answers JSON, and the naive design."""
    app = create_service()

    @app.post("/hello")
    def hello() -> Response:
        body = request.get_json()
        return Response(
            app.json.dumps({"status": "accepted", "choices": len(body["choices"])}),
            status=201,
            content_type="application/json",
        )

    app.register_blueprint(naive)
    return app
