"""When what the platform stands on is away: its database, its disk. Nobody's fault but the machine's, and it passes."""

import contextlib
import errno
import logging
from collections.abc import Iterator

from django.db import InterfaceError, OperationalError, connection

from core.texts import clean

log = logging.getLogger(__name__)

LOST_DATABASE = (OperationalError, InterfaceError)


@contextlib.contextmanager
def tolerated() -> Iterator[None]:
    """What the block could not do because the database is away is logged in one line; somebody will do it later."""
    try:
        yield
    except LOST_DATABASE as error:
        log.warning("the platform's database does not answer; trying again", extra={"reason": clean(error, 200)})
        connection.close()


def storage_full(error: BaseException | None) -> bool:
    """Whether the error, or one that led to it, says that a disk is full: ours, or that of our database."""
    while error is not None:
        number = getattr(error, "errno", None)
        if number in (errno.ENOSPC, errno.EDQUOT) or getattr(error, "pgcode", None) == "53100":
            return True
        if "No space left on device" in str(error):  # of libraries that keep the number to themselves
            return True
        error = error.__cause__ or error.__context__
    return False
