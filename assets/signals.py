"""What this app announces. Each signal is sent inside the transaction that made it true."""

from django.dispatch import Signal

# A census ended well or in part. Arguments: run (CensusRun).
census_finished = Signal()

# A scan ended well or in part. Arguments: run (ScanRun).
scan_finished = Signal()

# Tables are confirmed gone. Arguments: run (CensusRun), tables (list of Table).
table_gone = Signal()
