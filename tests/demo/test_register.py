"""Registering the demo city leaves it with the standards adopted: element pages and matching have what they need."""

import pytest

from accounts.models import Agency
from demo.register import CITY, register
from standards.models import CodeSet, DataElement

pytestmark = pytest.mark.django_db


def test_the_city_begins_with_the_standards_that_are_shipped() -> None:
    register([], password=lambda: "Harbour-lamp-42-violet")
    city = Agency.objects.get(code=CITY[0])
    assert DataElement.objects.filter(agency=city, current__isnull=False).count() == 171
    assert CodeSet.objects.filter(agency=city, current__isnull=False).count() == 27
