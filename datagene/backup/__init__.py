"""Backups of the platform: the database and the uploads, sealed under the key file (docs/operations.md).

A backup is a folder: `manifest.json`, readable and signed, and the parts `database` (pg_dump's custom format) and
`uploads` (tar), each a sealed stream. The key file is in none of them: who has the backups alone has nothing.
"""

from datagene.backup.errors import BackupError
from datagene.backup.make import make, prune
from datagene.backup.manifest import Manifest, newest, read
from datagene.backup.prove import prove
from datagene.backup.restore import Restored, restore

__all__ = ["BackupError", "Manifest", "Restored", "make", "newest", "prove", "prune", "read", "restore"]
