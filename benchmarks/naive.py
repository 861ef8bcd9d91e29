"""The design most WeChat vote code has: count, insert a row per choice, update a counter per choice."""

from flask import Blueprint, Response, request
from sqlalchemy import text

from foundation.transaction import transaction
from wechat.identity import current_voter

blueprint = Blueprint("naive", __name__)
TABLES = """
CREATE TABLE naive_vote (id bigserial PRIMARY KEY, openid text NOT NULL, candidate int NOT NULL, at timestamptz);
CREATE INDEX ON naive_vote (openid);
CREATE TABLE naive_candidate (number int PRIMARY KEY, votes bigint NOT NULL DEFAULT 0);
INSERT INTO naive_candidate SELECT generate_series(1, 180), 0;
"""


@blueprint.post("/naive")
def vote() -> Response:
    """Cast a ballot that way. Two tries at once pass the count together, which is why it is not done so."""
    voter = current_voter(request)
    choices: list[int] = request.get_json()["choices"]
    with transaction() as session:
        session.execute(text("SELECT count(*) FROM naive_vote WHERE openid = :me"), {"me": voter and voter.openid})
        for number in choices:
            session.execute(
                text("INSERT INTO naive_vote (openid, candidate, at) VALUES (:me, :number, now())"),
                {"me": voter and voter.openid, "number": number},
            )
            session.execute(
                text("UPDATE naive_candidate SET votes = votes + 1 WHERE number = :number"), {"number": number}
            )
    return Response('{"status":"accepted"}', status=201, content_type="application/json")
