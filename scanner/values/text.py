"""White space and lengths."""

# Unicode White_Space: U+3000 is among it, U+200B is not.
WHITE_SPACE = "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"


def is_blank(text: str) -> bool:
    """Empty, or of white space only; null is no text."""
    return not text.strip(WHITE_SPACE)
