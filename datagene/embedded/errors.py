"""What can go wrong with the embedded servers."""


class EmbeddedError(Exception):
    """A set-up fault told to a person: the message says what is wrong and what to do. Nothing was damaged."""


class AlreadyRunning(EmbeddedError):
    """Another supervisor holds the data directory."""
