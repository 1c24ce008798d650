"""Programs that are measured beside ours, each a whole process: the limits of the machine, and checks written by hand."""
