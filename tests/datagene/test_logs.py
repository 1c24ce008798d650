"""A log line is one JSON object, whatever it carries, and carries no secret."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from datagene import logs


@pytest.fixture(params=["json"])
def written(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """What the platform's formatter writes, in the form that the test asks for."""
    built = logs.configuration("INFO", request.param)["formatters"]["ours"]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=built["foreign_pre_chain"], processors=built["processors"]
    )
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    logger = logging.getLogger("test.logs")
    logger.addHandler(handler)
    logger.propagate = False
    logger.setLevel(logging.INFO)
    yield stream
    logger.removeHandler(handler)
    logger.propagate = True


both = pytest.mark.parametrize("written", ["json", "text"], indirect=True)
text = pytest.mark.parametrize("written", ["text"], indirect=True)
BREAKERS = [
    "\r\n",
    "\n",
    "\r",
    "\x85",
    "\u2028",
    "\u2029",
    "\u202e",
    "\x1b[31m",
    "\x9b31m",
    "\x00",
    "\x08",
    "\x0b",
    "\x7f",
]


@text
@pytest.mark.parametrize("breaker", BREAKERS)
def test_text_for_people_cannot_be_forged_either(written: io.StringIO, breaker: str) -> None:
    """In the message, in a field, in a list, and in what an exception says: it cannot begin a line, nor steer a terminal."""
    forged = f"x{breaker}2026-01-01T00:00:00Z [info     ] forged"
    logger = logging.getLogger("test.logs")
    logger.info("name %s", forged, extra={"field": forged, "listed": [forged]})
    assert written.getvalue().count("\n") == 1
    try:
        raise ValueError(forged)
    except ValueError:
        logger.exception("failed")
    lines = written.getvalue().splitlines()  # as str knows lines: more than LF
    assert [line for line in lines if not line.startswith("  | ")] == [lines[0], lines[1]]
    assert not set(written.getvalue()) & (set(breaker) - set("[31m\n"))


@pytest.mark.parametrize("breaker", BREAKERS)
def test_forged_lines_stay_inside_theirs(written: io.StringIO, breaker: str) -> None:
    logging.getLogger("test.logs").info("name %s", f"x{breaker}forged")
    text = written.getvalue()
    assert text.count("\n") == 1
    assert breaker not in text[:-1]
    assert json.loads(text)["event"] == f"name x{breaker}forged"


@both
def test_planted_secrets_are_hidden(written: io.StringIO) -> None:
    planted = "s3cret-planted"
    logger = logging.getLogger("test.logs")
    logger.info("to postgresql://user:%s@host/db with Bearer %s", planted, planted)
    logger.info("form", extra={"password": planted, "data": {"api_key": planted, "inner": [f"mysql://u:{planted}@h"]}})
    try:
        raise ValueError(f"postgresql://u:{planted}@h")
    except ValueError:
        logger.exception("failed")
    assert planted not in written.getvalue()
    assert "postgresql://user:***@host/db" in written.getvalue()


def test_request_id_is_on_every_line(written: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        logging.getLogger("test.logs").info("滨海市")
    line = json.loads(written.getvalue())
    assert (line["request_id"], line["event"], line["level"]) == ("r-1", "滨海市", "info")
    assert line["timestamp"].endswith("Z")
