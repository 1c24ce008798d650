"""Start as `python -m scanner profile` does, and do nothing: what starting costs."""

from scanner.lean import settle, without

settle()
without("pandas")

import scanner.connectors.registry  # noqa: E402
import scanner.reading  # noqa: E402, F401
