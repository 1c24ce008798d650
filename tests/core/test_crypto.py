"""Credentials at rest: only the right row opens a token, keys rotate, nothing leaks into text."""

import traceback
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from core import crypto, keys
from core.models import AuditEntry, Job, KeyRecord

pytestmark = pytest.mark.django_db
SECRET = "pässwörd 口令 \U0001f511"


@pytest.fixture
def sealed_urls():
    """Some rows with sealed values: the url of jobs stands in for any text field."""
    crypto.register_sealed("core.Job", "url")
    rows = [Job.objects.create(kind="k", target="t") for _ in range(5)]
    for number, row in enumerate(rows):
        Job.objects.filter(pk=row.pk).update(url=crypto.seal(f"{SECRET} {number}", crypto.aad(row, "url")))
    Job.objects.create(kind="k", target="nothing sealed here")
    yield rows
    crypto._sealed_fields.remove(("core.Job", "url"))


def plain(row: Job) -> str:
    row.refresh_from_db()
    return crypto.unseal(row.url, crypto.aad(row, "url"))


def test_what_was_sealed_opens_and_is_sealed_differently_each_time():
    first, second = crypto.seal(SECRET, "a:1:x"), crypto.seal(SECRET, "a:1:x")
    assert first != second
    assert (crypto.unseal(first, "a:1:x"), crypto.unseal(second, "a:1:x")) == (SECRET, SECRET)
    assert crypto.unseal(crypto.seal("", "a:1:x"), "a:1:x") == ""


def test_a_token_copied_to_another_row_or_field_does_not_open(sealed_urls):
    first, second = sealed_urls[:2]
    first.refresh_from_db()
    for bound in (crypto.aad(second, "url"), crypto.aad(first, "target"), ""):
        with pytest.raises(crypto.CryptoError, match="belongs to another row"):
            crypto.unseal(first.url, bound)


@pytest.mark.parametrize("spoil", [lambda t: t[:-6] + "AAAA==", lambda t: t[:-1], lambda t: t + "A", lambda t: t[:40]])
def test_an_altered_token_does_not_open(spoil):
    token = crypto.seal(SECRET, "a:1:x")
    with pytest.raises(crypto.CryptoError, match="a:1:x"):
        crypto.unseal(spoil(token), "a:1:x")


@pytest.mark.parametrize("token", ["", "v1", "v1:", "v2:x:y", "plain password", "v1:x:", "v1:nokey:AAAA"])
def test_what_is_no_token_is_refused_without_showing_it(token):
    with pytest.raises(crypto.CryptoError) as caught:
        crypto.unseal(token, "a:1:x")
    assert "plain password" not in str(caught.value)


def test_no_repr_or_traceback_shows_a_key_or_value():
    token = crypto.seal(SECRET, "a:1:x")
    key = crypto._active_key()
    shown = repr(key) + repr(keys.current())
    assert not [secret for secret in (key._secret.hex(), repr(key._secret)) if secret in shown]
    try:
        crypto.unseal(token, "a:2:x")
    except crypto.CryptoError as error:
        text = "".join(traceback.format_exception(error))
    assert not [word for word in (SECRET, "InvalidTag") if word in text]


def test_rotation_reseals_every_row_with_a_new_key(sealed_urls):
    before = {row.pk: row.url for row in Job.objects.all()}
    assert crypto.rotate(batch=2) == 5
    assert [plain(row) for row in sealed_urls] == [f"{SECRET} {n}" for n in range(5)]
    assert all(row.url != before[row.pk] for row in Job.objects.exclude(url=""))
    assert sorted(KeyRecord.objects.values_list("state", flat=True)) == ["active", "retired"]
    assert crypto.resume() == 0


def test_an_interrupted_rotation_goes_on_where_it_stopped(sealed_urls):
    spoilt = max(sealed_urls, key=lambda row: row.pk)
    good = Job.objects.get(pk=spoilt.pk).url
    Job.objects.filter(pk=spoilt.pk).update(url=good[:-8] + "AAAAAAA=")
    with pytest.raises(crypto.CryptoError, match=str(spoilt.pk)):
        crypto.rotate(batch=2)
    Job.objects.filter(pk=spoilt.pk).update(url=good)
    assert crypto.resume(batch=2) == 1
    assert [plain(row) for row in sealed_urls] == [f"{SECRET} {n}" for n in range(5)]


def test_a_new_line_in_the_key_file_takes_over(sealed_urls, own_files: Path):
    path = own_files / "keys"
    old = path.read_text()
    keys.create(own_files / "new")
    path.write_text((own_files / "new").read_text() + old)
    crypto.rotate()
    path.write_text((own_files / "new").read_text())  # the old line is no longer needed for credentials
    assert [plain(row) for row in sealed_urls] == [f"{SECRET} {n}" for n in range(5)]


def test_the_command_rotates_and_leaves_a_record(sealed_urls, capsys):
    call_command("rotate_keys")
    assert capsys.readouterr().out == "5 resealed\n"
    assert (AuditEntry.objects.get().verb, AuditEntry.objects.get().changes) == ("keys.rotate", {"resealed": 5})


def test_old_keys_go_when_nothing_needs_them_and_not_at_once(sealed_urls):
    first, last = sealed_urls[0], sealed_urls[-1]
    kept = first.url = Job.objects.get(pk=first.pk).url
    call_command("rotate_keys", remove_old=True)
    assert KeyRecord.objects.count() == 2  # somebody may just be writing under the old one
    Job.objects.filter(pk=first.pk).update(url=kept)
    assert crypto.remove_retired(timedelta()) == 0
    Job.objects.filter(pk=first.pk).update(url="")
    assert crypto.remove_retired(timedelta()) == 1
    assert plain(last) == f"{SECRET} 4"


@pytest.mark.parametrize("content", ["", "\n", "short\n", "not base64!!\n", "é\n"])
def test_a_bad_key_file_is_named_and_its_content_is_not(own_files: Path, content):
    (own_files / "keys").write_text(content)
    with pytest.raises(keys.KeyFileError, match="keys") as caught:
        crypto.seal(SECRET, "a:1:x")
    assert content.strip() == "" or content.strip() not in str(caught.value)


def test_a_missing_key_file_says_so(own_files: Path, settings):
    (own_files / "keys").unlink()
    with pytest.raises(keys.KeyFileError, match="cannot be read: No such file"):
        crypto.seal(SECRET, "a:1:x")
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("rotate_keys")
    settings.KEY_FILE = ""
    with pytest.raises(keys.KeyFileError, match="KEY_FILE is not set"):
        crypto.seal(SECRET, "a:1:x")


def test_a_key_file_is_private_and_never_replaced(own_files: Path):
    path = own_files / "keys"
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.read_text()
    with pytest.raises(FileExistsError):
        keys.create(path)
    assert path.read_text() == before


def test_another_key_file_does_not_open_the_database(own_files: Path):
    token = crypto.seal(SECRET, "a:1:x")
    (own_files / "keys").unlink()
    keys.create(own_files / "keys")
    crypto._opened.clear()
    with pytest.raises(keys.KeyFileError, match="does not hold key"):
        crypto.unseal(token, "a:1:x")
