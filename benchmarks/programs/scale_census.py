"""`DATABASE`: a census of that database of the same server, written down in the platform that libpq's variables name.

Prints {"seconds", "tables", "columns", "created", "memory"} as JSON; `memory` is MiB held, twice a second.
"""

import json
import os
import sys
import threading
import time
from pathlib import Path

from benchmarks.data import province

NAME, EVERY = "盘点基准", 0.5
PAGE = os.sysconf("SC_PAGE_SIZE")


def held() -> int:
    """MiB of this process in memory now."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE >> 20


def main(database: str) -> None:
    province.start()
    from django.conf import settings

    from accounts.models import Agency
    from assets.models import CensusRun, DataSource
    from assets.services import requests, sources
    from core import jobs

    settings.SOURCE_REFUSED = ()  # the source stands on the platform's own server here
    source = DataSource.objects.filter(name=NAME).first() or sources.register_source(
        actor=None, agency=Agency.objects.order_by("path")[0], kind="postgresql", name=NAME,
        parameters={
            "host": os.environ["PGHOST"], "port": int(os.environ["PGPORT"]), "database": database,
            "user": os.environ["PGUSER"],
        },
        secrets={"password": os.environ["PGPASSWORD"]},
    )  # fmt: skip
    job = requests.request_census(actor=None, source=source)
    memory, over = [held()], threading.Event()

    def watch() -> None:
        while not over.wait(EVERY):
            memory.append(held())

    threading.Thread(target=watch, daemon=True).start()
    began = time.perf_counter()
    jobs.run(job.pk)
    seconds = time.perf_counter() - began
    over.set()
    run = CensusRun.objects.get(job_id=job.pk)
    answer = {"seconds": seconds, "tables": run.tables_seen, "columns": run.columns_seen, "created": run.tables_created}
    print(json.dumps(answer | {"memory": memory}))


if __name__ == "__main__":
    main(sys.argv[1])
