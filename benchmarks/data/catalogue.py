"""`COUNT`: the platform's own database in the one that libpq's variables name, with so many data elements and one reader.

The elements are those of `benchmarks.programs.make_columns`: the shipped ones, and an object and a property each.
"""

import sys
from itertools import islice

from benchmarks.data import province

READER = "bench_reader"


def main(count: int) -> None:
    province.start()
    from django.core.management import call_command  # slow import

    call_command("migrate", verbosity=0)
    _fill(count)


def _fill(count: int) -> None:
    """Straight into the tables: 5,000 elements through review would take minutes, and are not what is measured."""
    from django.utils import timezone  # slow import

    from accounts.models import Grant, Person  # slow import
    from accounts.services.agencies import create_agency  # slow import
    from benchmarks.programs.make_columns import made_elements  # slow import
    from standards.models import DataElement, Edition  # slow import
    from standards.services.seed import adopt_shipped  # slow import

    root, now = create_agency(actor=None, code="330000", name="滨海市"), timezone.now()
    reader = Person.objects.create(username=READER, name="读者", agency=root)
    Grant.objects.create(person=reader, role="viewer", agency=root)
    adopt_shipped(actor=None, agency=root)
    shipped = DataElement.objects.count()
    rows = [(row[0], row[1]) for row in islice(made_elements(count), shipped, None)]
    elements = [
        DataElement(agency=root, code=code, name=name, sort_key=name, domain="general", registration_status="standard")
        for code, name in rows
    ]
    DataElement.objects.bulk_create(elements, batch_size=1_000)
    editions = [
        Edition(
            element=element, number=1, state="published", name=element.name, notation="c..100", value_domain="described",
            submitted_by=root, published_at=now,
        )
        for element in elements
    ]  # fmt: skip
    Edition.objects.bulk_create(editions, batch_size=1_000)
    for element, edition in zip(elements, editions, strict=True):
        element.current = edition
    DataElement.objects.bulk_update(elements, ["current"], batch_size=1_000)


if __name__ == "__main__":
    main(int(sys.argv[1]))
