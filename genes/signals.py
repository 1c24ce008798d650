"""What genes announces. Each signal is sent inside the transaction that made it true."""

from django.dispatch import Signal

# Columns collect again what a source department provides. Arguments: ruling (Ruling), columns (list of their ids).
repetition_found = Signal()
