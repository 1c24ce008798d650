"""Identifiers, dates and patterns: known vectors, and the byte kernels held to the plain predicates."""

import random
from itertools import product

import pytest

from scanner.model import ValueClass
from scanner.values.canonical import QUANTILES, carried, rank, to_json
from scanner.values.chunk import chunk_of
from scanner.values.dates import DETECTED_FORMATS, FormatError, dates_in, is_date, parse_format
from scanner.values.identifiers import CHECKSUM_MASKS, CHECKSUMS, is_identifier
from scanner.values.patterns import pattern_of, patterns_of
from scanner.values.text import WHITE_SPACE, is_blank
from tests.scanner.nasty_values import CITIZEN, CODES, TEXTS

EVERYTHING = (*TEXTS, *CITIZEN, *CODES)


@pytest.mark.parametrize(
    ("key", "text", "valid"),
    [
        ("citizen_id", "11010519491231002X", True),
        ("citizen_id", "11010519491231002x", False),  # X in upper case
        ("citizen_id", "11010119900230123X", False),  # no 30 February
        ("citizen_id", "110105194912310021", False),
        ("citizen_id", "110105491231002", False),  # 15 digits
        ("citizen_id", "１１０１０５19491231002X", False),  # full-width digits
        ("citizen_id", " 11010519491231002X", False),
        ("citizen_id", "", False),
        ("uscc", "91110000600037341L", True),
        ("uscc", "91110000600037341l", False),
        ("uscc", "91110000600037341I", False),  # no letter of the alphabet
        ("uscc", "91110000600037342L", False),
        ("org_code", "60003734-1", True),
        ("org_code", "600037341", True),
        ("org_code", "60003734-2", False),
        ("org_code", "60003734 1", False),
        ("luhn", "4111111111111111", True),
        ("luhn", "4111111111111112", False),
        ("luhn", "79927398713", False),  # eleven digits
        ("mobile", "13800138000", True),
        ("mobile", "12800138000", False),
        ("mobile", "13800138000\n", False),
        ("email", "zhang.san@binhai.gov.cn", True),
        ("email", "a@b", False),
        ("ipv4", "192.168.1.255", True),
        ("ipv4", "192.168.1.256", False),
        ("url", "https://www.gov.cn/zhengce", True),
        ("url", "www.gov.cn", False),
        ("landline", "010-62345678", True),
        ("postal_code", "310000", True),
        ("plate", "京A12345", True),
        ("plate", "浙AD12345", True),
        ("plate", "京I12345", False),
    ],
)  # fmt: skip
def test_known_identifiers(key: str, text: str, valid: bool) -> None:
    assert is_identifier(key, text) is valid
    if key in CHECKSUM_MASKS:
        assert CHECKSUM_MASKS[key](chunk_of(["", text, "x"])).tolist() == [False, valid, False]


def test_check_characters_of_a_code_with_letters() -> None:
    """Weights and alphabet worked through by hand for N2…: 农业农村 codes are valid too."""
    body = "N2330102MA2AX0000"
    valid = [body + last for last in "0123456789ABCDEFGHJKLMNPQRTUWXY" if CHECKSUMS["uscc"](body + last)]
    assert len(valid) == 1


@pytest.mark.parametrize("scheme", CHECKSUMS)
def test_kernels_agree_with_the_predicates(scheme: str) -> None:
    chance = random.Random(scheme)
    texts = [*EVERYTHING, *(_digits(chance, width) for width in range(8, 21) for _ in range(400))]
    texts += [_digits(chance, width, "0123456789ABCX-") for width in (9, 10, 18) for _ in range(2000)]
    texts += [_birth(chance) for _ in range(4000)]
    expected = [CHECKSUMS[scheme](text) for text in texts]
    assert CHECKSUM_MASKS[scheme](chunk_of(texts)).tolist() == expected
    assert any(expected)


def _digits(chance: random.Random, width: int, alphabet: str = "0123456789") -> str:
    return "".join(chance.choice(alphabet) for _ in range(width))


def _birth(chance: random.Random) -> str:
    day = f"{chance.randrange(2100):04d}{chance.randrange(14):02d}{chance.randrange(33):02d}"
    return f"330102{day}{_digits(chance, 3)}{chance.choice('0123456789X')}"


def test_patterns() -> None:
    for text, pattern in (
        ("330102199001011234", "9{18}"), ("AB-1", "A{2}-9"), ("", ""), ("张三", "汉{2}"), ("〇一", "汉{2}"), ("𠀀", "汉"),
        ("éÉ", "aA"), ("٣", "9"), ("😀😀", "😀{2}"), ("x{2}", "a{9}"), ("a\u0301", "a\u0301"), ("、、。", "、{2}。"), ("ー々", "ー汉"), ("￿￿", "￿{2}"),
    ):  # fmt: skip
        assert pattern_of(text) == pattern


def test_pattern_kernel_agrees_with_the_definition() -> None:
    chance = random.Random(7)
    alphabets = ("0199AaZz{}- ", "张三a1，。é", "张😀\U0010ffff𠀀1a", "￿\ue000a")
    for alphabet in alphabets:
        texts = [
            "".join(chance.choice(alphabet) for _ in range(chance.choice((0, 1, 2, 9, 10, 60)))) for _ in range(800)
        ]
        texts += ["", alphabet[0] * 9, alphabet[0] * 10, alphabet[0] * 99, alphabet[0] * 12345, ""]
        assert patterns_of(chunk_of(texts)).to_pylist() == [pattern_of(text) for text in texts]
    assert patterns_of(chunk_of([])).to_pylist() == []
    assert patterns_of(chunk_of(["", ""])).to_pylist() == ["", ""]


def test_dates_are_real_and_exactly_of_the_form() -> None:
    for form, text, valid in (
        ("YYYYMMDD", "20240229", True), ("YYYYMMDD", "20230229", False), ("YYYYMMDD", "19000229", False), ("YYYYMMDD", "20000229", True),
        ("YYYYMMDD", "2024229", False), ("YYYYMMDD", "00000101", False), ("YYYYMMDD", "20241301", False), ("YYYYMMDD", "２０２４0101", False),
        ("YYYY-MM-DD", "2024-01-05", True), ("YYYY-MM-DD", "2024-1-5", False), ("YYYY-MM-DD", "2024-01-05 ", False), ("YYYY-MM-DD", "2024/01/05", False),
        ("YYYY-MM-DD hh:mm:ss", "2024-01-05 23:59:59", True), ("YYYY-MM-DD hh:mm:ss", "2024-01-05 24:00:00", False), ("YYYY-MM-DD hh:mm:ss", "2024-01-05", False),
        ("YYYY年MM月DD日", "2024年02月29日", True), ("YYYY年MM月DD日", "2024年02月30日", False), ("YYYY/M/D", "2024/1/5", True), ("YYYY/M/D", "2024/01/05", False),
        ("YYYY/M/D", "2024/12/31", True), ("YYYY-MM-DDThh:mm:ss", "2024-01-05T00:00:00", True), ("hh:mm", "08:30", True), ("MMDD", "0229", True), ("YYYYMM", "202413", False),
    ):  # fmt: skip
        assert is_date(text, parse_format(form)) is valid, (form, text)


def test_date_kernel_agrees_with_the_definition() -> None:
    digits = [
        f"{year}{month:02d}{day:02d}"
        for year, month, day in product(("0000", "1900", "2000", "2023", "2024", "9999"), range(14), range(33))
    ]
    texts = [*EVERYTHING, *digits, *(f"{text[:4]}-{text[4:6]}-{text[6:]}" for text in digits)]
    texts += [f"{year}/{month}/{day}" for year, month, day in product((2023, 2024), range(14), range(33))]
    for form in (*DETECTED_FORMATS, "MMDD", "hh:mm", "YYYYMM"):
        parsed = parse_format(form)
        assert dates_in(chunk_of(texts), parsed).tolist() == [is_date(text, parsed) for text in texts], form


@pytest.mark.parametrize(
    "form", ["", "-", "年", "yyyy-MM-dd", "YYYYMMDDHHmmss", "YYYYYYYY", "YYYY1", "YYY", "DDMMYYYYDD"]
)
def test_a_format_that_is_none(form: str) -> None:
    with pytest.raises(FormatError):
        parse_format(form)


def test_white_space_is_that_of_unicode() -> None:
    assert len(WHITE_SPACE) == 25
    for blank in ("", " ", "\u3000", "\xa0\u2028\x85", WHITE_SPACE):
        assert is_blank(blank)
    for text in ("\u200b", "\ufeff", "\x1c", "a", "\u3000a"):
        assert not is_blank(text)


@pytest.mark.parametrize(
    ("text", "held", "shown"),
    [
        ("18446744073709551616", ValueClass.INTEGER, 18446744073709551616),
        ("1.1", ValueClass.DECIMAL, 1.1),
        ("5", ValueClass.DECIMAL, 5),
        ("0.10000000000000000001", ValueClass.DECIMAL, "0.10000000000000000001"),
        ("12345678901234567.89", ValueClass.DECIMAL, "12345678901234567.89"),
        ("1" + "0" * 400, ValueClass.DECIMAL, "1" + "0" * 400),
        ("1e+22", ValueClass.FLOAT, 1e22),
        ("NaN", ValueClass.FLOAT, "NaN"),
        ("-Infinity", ValueClass.DECIMAL, "-Infinity"),
        ("true", ValueClass.BOOLEAN, True),
        ("1", ValueClass.TEXT, "1"),
        (None, ValueClass.TEXT, None),
    ],
)  # fmt: skip
def test_json_keeps_every_digit(text: str | None, held: ValueClass, shown: object) -> None:
    found = to_json(text, held)
    assert found == shown
    assert type(found) is type(shown)


def test_what_a_double_carries() -> None:
    tests: tuple[tuple[str, bool], ...] = (
        ("0.1", True),
        ("9007199254740993", False),
        ("9007199254740992", True),
        ("1" * 500, False),
    )
    assert [carried(text) for text, _ in tests] == [expected for _, expected in tests]


def test_nearest_rank() -> None:
    def ranks(count: int) -> list[int]:
        return [rank(share, count) for share in QUANTILES]

    assert ranks(1) == [1, 1, 1, 1, 1]
    assert ranks(4) == [1, 1, 2, 3, 4]
    assert ranks(100) == [1, 25, 50, 75, 99]
    assert ranks(101) == [2, 26, 51, 76, 100]
