"""`FILE PROGRAM …`: run a program and write what it used into FILE, as JSON.

A process between the benchmarks and what they measure, for the kernel hands the peak memory of a parent on to its
children. So it imports next to nothing.
"""

import json
import os
import sys
import time


def main(file: str, command: list[str]) -> int:
    started = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ)
    _, status, used = os.wait4(child, 0)
    found = {
        "wall": time.perf_counter() - started,
        "client": used.ru_utime + used.ru_stime,
        "peak": used.ru_maxrss / 1024,
    }
    with open(file, "w", encoding="ascii") as written:
        json.dump(found, written)
    return os.waitstatus_to_exitcode(status) & 0xFF


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
