"""A log line is one JSON object, whatever it carries, and carries no secret."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from datagene import logs


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What the platform's formatter writes."""
    built = logs.configuration("INFO", "json")["formatters"]["ours"]
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


@pytest.mark.parametrize("breaker", ["\r\n", "\n", "\x85", "\u2028", "\u2029", "\u202e", "\x1b[31m"])
def test_forged_lines_stay_inside_theirs(written: io.StringIO, breaker: str) -> None:
    logging.getLogger("test.logs").info("name %s", f"x{breaker}forged")
    text = written.getvalue()
    assert text.count("\n") == 1
    assert breaker not in text[:-1]
    assert json.loads(text)["event"] == f"name x{breaker}forged"


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
