"""How fast the scanner is, beside the limits of the machine and beside its peers: `make bench`, `make bench-peers`.

Read in this order: registry (what there is), stage (data and servers), measuring (one process, measured), report.
The data and its planted faults are made in `data/`; what is measured against us stands in `programs/` and `peers/`.
"""
