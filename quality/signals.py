"""What this app announces. Each signal is sent inside the transaction that made it true."""

from django.dispatch import Signal

# A rule that passed, or was never checked, is found broken. Arguments: finding (Finding).
check_failed = Signal()

# A passing re-scan closed a finding. Arguments: finding (Finding).
finding_closed = Signal()
