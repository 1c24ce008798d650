"""The platform's own settings, and job kinds to break it with."""

from datagene.settings import *  # noqa: F403
from datagene.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.hostile.faults.apps.Kinds"]
