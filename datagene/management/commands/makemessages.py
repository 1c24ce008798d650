"""Extract messages, also those of modules that import ``gettext`` under the name ``translate``."""

from django.core.management.commands import makemessages


class Command(makemessages.Command):
    """Django's command with one more keyword."""

    xgettext_options = [*makemessages.Command.xgettext_options, "--keyword=translate"]
