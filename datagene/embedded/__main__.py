"""`python -m datagene.embedded up` and `python -m datagene.embedded run -- migrate`."""

import subprocess
import sys

from datagene.embedded import commands
from datagene.embedded.errors import EmbeddedError
from datagene.embedded.servers import say

USAGE = """usage: python -m datagene.embedded up
       python -m datagene.embedded run -- MANAGEMENT_COMMAND [ARGUMENT …]

up   the whole platform on http://127.0.0.1:8000 (PORT chooses another), until Ctrl-C
run  one management command against the embedded servers, running or not"""


def main(arguments: list[str]) -> int:
    """Exit code: 0 done, 1 it could not be done and the message says why, 2 wrong arguments."""
    try:
        match arguments:
            case ["up"]:
                commands.up()
                return 0
            case ["run", "--", *command] if command:
                return commands.run(command)
    except EmbeddedError as error:
        say(str(error))
        return 1
    except subprocess.CalledProcessError as error:
        say(f"the step {' '.join(error.cmd[1:])!r} failed; see above")
        return 1
    say(USAGE)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
