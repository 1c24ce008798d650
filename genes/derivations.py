"""What can be read off an identifier: which places of it are another data element."""

from typing import NamedTuple


class Part(NamedTuple):
    """Places ``first`` to ``last``, from 1, hold the element of this name."""

    name: str
    first: int
    last: int


# By the check scheme of the identifier.
PARTS: dict[str, tuple[Part, ...]] = {
    "citizen_id": (  # GB 11643: region, day of birth, sequence (odd for men), check character
        Part("行政区划代码", 1, 6), Part("出生日期", 7, 14), Part("性别", 17, 17),
    ),
    "uscc": (Part("行政区划代码", 3, 8), Part("组织机构代码", 9, 17)),  # GB 32100: category, region, body, check character
}  # fmt: skip
