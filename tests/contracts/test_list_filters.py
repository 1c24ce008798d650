"""A list whose address holds filters that are not understood lists nothing, gives no file, and says why: over every list page."""

from typing import Any

import pytest

from core.views import ListPage
from tests.accounts import world
from tests.contracts.places import CASTS, routes

pytestmark = pytest.mark.django_db


def list_pages() -> list[tuple[str, Any]]:
    plain = [route for route in routes() if not route.key and "?" not in route.text]
    found = [(route.text, getattr(route.callback, "view_class", object)) for route in plain]
    return [(address, page) for address, page in found if issubclass(page, ListPage) and page.filterset_class]


def test_every_list_says_which_of_its_filters_it_does_not_understand() -> None:
    city = world.agency("市公安局")
    clients = [world.browser(world.person(city, *cast)) for cast in CASTS]
    pages = list_pages()
    assert len(pages) > 30
    for address, page in pages:
        query = "&".join(f"{name}=%00" for name in page.filterset_class.base_filters)
        answers = (client.get(f"{address}?export=csv&{query}") for client in clients)
        answer = next(answer for answer in answers if answer.status_code == 200)  # somebody may see it
        labels = "、".join(str(field.label) for field in answer.context["filters"]["form"].fields.values())
        assert answer.context["refused"] == labels, address
        assert answer.context["page"].object_list == []
        assert "无法识别，因此没有列出任何结果" in answer.content.decode()
