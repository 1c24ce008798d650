"""The lists of the registry: empty ones offer what one may do, full ones say what is used and by whom it is kept."""

from types import SimpleNamespace

import pytest

from standards.models import CodeSet
from tests.accounts import world

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("page", "action"), [("elements", "elements/new/"), ("code-sets", "code-sets/new/"), ("texts", "texts/new/")]
)
def test_an_empty_list_offers_to_write_to_those_who_may(office: SimpleNamespace, page: str, action: str) -> None:
    for person, offers in ((office.author, True), (office.viewer, False)):
        content = world.browser(person).get(f"/standards/{page}/?q=").content.decode().partition('class="empty')[2]
        assert "还没有" in content
        assert (f'href="/standards/{action}"' in content) == offers


def test_code_sets_are_listed_with_who_keeps_and_what_uses_them(office: SimpleNamespace, sexes: CodeSet) -> None:
    client = world.browser(office.viewer)
    kept = client.get(f"/standards/code-sets/?agency={sexes.agency_id}").content.decode()
    assert (sexes.name in kept, f'<option value="{sexes.agency_id}" selected>' in kept) == (True, True)
    assert (
        client.get("/standards/code-sets/?agency=nobody").content.decode().count(f'href="{sexes.get_absolute_url()}"')
        == 0
    )
    other = client.get(f"/standards/code-sets/?agency={office.stranger.agency_id}").content.decode()
    assert f'href="{sexes.get_absolute_url()}"' not in other
