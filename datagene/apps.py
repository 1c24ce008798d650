"""The composition root as an app: it brings the commands `up` and `demo` and the checks of a whole installation."""

from uuid import UUID

from django.apps import AppConfig


class DatageneConfig(AppConfig):
    name = "datagene"
    verbose_name = "数据基因"

    def ready(self) -> None:
        from core.jobs import register_dispatcher  # slow import: models, which are ready only now
        from datagene import checks, jobs, navigation  # noqa: F401  # slow import: settings, likewise
        from datagene.backup import errors  # slow import: likewise

        navigation.register()
        jobs.register_kinds()
        errors.register()
        register_dispatcher(send)


def send(job_id: UUID) -> None:
    """Tell a worker of a waiting job. Raises when the broker is away; the ledger then offers the job again."""
    from datagene.celery import run_job  # slow import: only processes that create jobs need Celery

    run_job.apply_async(args=[str(job_id)])
