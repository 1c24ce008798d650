"""The same work done by others, each in an environment of its own, beside ours in the same run: `make bench-peers`."""
