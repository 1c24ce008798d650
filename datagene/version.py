"""Which release this is: the version of pyproject.toml, which the image and the checkout carry."""

import functools
import tomllib

from datagene.embedded.layout import PROJECT


@functools.cache
def version() -> str:
    with (PROJECT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])
