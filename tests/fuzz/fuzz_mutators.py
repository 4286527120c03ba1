"""What happens to device output on its way, and what an enemy would do to it: bytes in, bytes out, by seeded chance."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

LENGTH_MAX = 40_000
"""Bytes of a mutated input."""
_NUMBERS = (b"0", b"-1", b"1", b"00", b"255", b"256", b"65536", b"4294967295", b"4294967296", b"9223372036854775808")
_HUGE = b"9" * 40
_ADDRESSES = (
    b"0.0.0.0",
    b"255.255.255.255",
    b"999.1.1.1",
    b"192.0.2.1",
    b"2001:db8::1",
    b"::ffff:192.0.2.1",
    b"fe80::1%Gi0/0",
    b"1.2.3",
    b":::::",
    b"2001:db8:" + b"0:" * 40,
)
_CONTROLS = b"\x00\x07\x08\x0b\x0c\r\x1b\x1c\x85\x9b"
_LONG = b" 0123456789:;-#>%,.()=/_<\t\"'\\aAfFxX"
_INVALID = (b"\xff\xfe", b"\xc3\x28", b"\xe2\x80", b"\xf0\x9f\x98", b"\xed\xa0\x80", b"\xc0\x80", b"\xef\xbb\xbf")
_UNICODE = tuple(c.encode() for c in "\u2028\u2029\u00a0\u3000\u0661\u00b2\u0130\u200b\ufeff")
_TERMINAL = (b" --More-- \x08\x08\x08", b"\x1b[2J", b"\x1b[9999C", b"\x1b]0;", b"<--- More --->\r", b"\x1b[K", b"\r")
_NUMBER = re.compile(rb"\d+")
_ADDRESS = re.compile(rb"\d{1,3}(?:\.\d{1,3}){3}")
_WORD = re.compile(rb"[^\s]+")

Mutator = Callable[[bytes, random.Random, Sequence[bytes]], bytes]


def mutate(data: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    """Return the input after one to six changes; `others` are texts that lines may be taken from."""
    for _ in range(rng.choice((1, 1, 2, 3, 6))):
        data = rng.choice(MUTATORS)(data, rng, others)[:LENGTH_MAX]
    return data


def _place(data: bytes, rng: random.Random) -> int:
    return rng.randrange(len(data) + 1)


def _flip(data: bytes, rng: random.Random, _others: Sequence[bytes]) -> bytes:
    changed = bytearray(data)
    for _ in range(min(len(data), rng.randrange(1, 12))):
        changed[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(changed)


def _insert(data: bytes, rng: random.Random, _others: Sequence[bytes]) -> bytes:
    at = _place(data, rng)
    return data[:at] + rng.randbytes(rng.randrange(1, 20)) + data[at:]


def _delete(data: bytes, rng: random.Random, _others: Sequence[bytes]) -> bytes:
    at = _place(data, rng)
    return data[:at] + data[at + rng.randrange(1, 40) :]


def _double(data: bytes, rng: random.Random, _others: Sequence[bytes]) -> bytes:
    at, length = _place(data, rng), rng.randrange(1, 200)
    return data[:at] + data[at : at + length] * rng.randrange(2, 5) + data[at + length :]


def _truncate(data: bytes, rng: random.Random, _others: Sequence[bytes]) -> bytes:
    at = _place(data, rng)
    return rng.choice((data[:at], data[at:]))


def _lines(data: bytes, rng: random.Random, _others: Sequence[bytes]) -> bytes:
    """Drop, double, swap, join or split lines."""
    lines = data.split(b"\n")
    at, other, count = rng.randrange(len(lines)), rng.randrange(len(lines)), rng.randrange(1, 5)
    what = rng.randrange(5)
    if what == 0:
        del lines[at : at + count]
    elif what == 1:
        lines[at:at] = lines[at : at + count] * count
    elif what == 2:
        lines[at], lines[other] = lines[other], lines[at]
    elif what == 3:
        lines[at : at + 2] = [b"".join(lines[at : at + 2])]
    else:
        cut = _place(lines[at], rng)
        lines[at : at + 1] = [lines[at][:cut], lines[at][cut:]]
    return b"\n".join(lines)


def _replace_one(data: bytes, rng: random.Random, pattern: re.Pattern[bytes], by: bytes) -> bytes:
    found = list(pattern.finditer(data))
    if not found:
        return data
    one = rng.choice(found)
    return data[: one.start()] + by + data[one.end() :]


def _number(data: bytes, rng: random.Random, _others: Sequence[bytes]) -> bytes:
    by = rng.choice((*_NUMBERS, _HUGE, b"9" * 5000))
    return _NUMBER.sub(by, data) if rng.random() < 0.1 and len(by) < 50 else _replace_one(data, rng, _NUMBER, by)


def _address(data: bytes, rng: random.Random, _others: Sequence[bytes]) -> bytes:
    by = rng.choice(_ADDRESSES)
    return _ADDRESS.sub(by, data) if rng.random() < 0.2 else _replace_one(data, rng, _ADDRESS, by)


def _word(data: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    words = _WORD.findall(rng.choice(others)[:4000]) or [b"-"]
    return _replace_one(data, rng, _WORD, rng.choice((rng.choice(words), b"", b"-", b"N/A", b"%n%s", b"=1+1")))


def _control(data: bytes, rng: random.Random, _others: Sequence[bytes]) -> bytes:
    for _ in range(rng.randrange(1, 8)):
        at = _place(data, rng)
        what = rng.choice((bytes([rng.choice(_CONTROLS)]), *_TERMINAL, *_UNICODE, *_INVALID))
        data = data[:at] + what + data[at:]
    return data


def _run(data: bytes, rng: random.Random, _others: Sequence[bytes]) -> bytes:
    """A very long run of one character, or of two in turn."""
    at = _place(data, rng)
    unit = bytes(rng.choices(_LONG, k=rng.choice((1, 1, 1, 2))))
    return data[:at] + unit * rng.choice((50, 500, 1900, 8000)) + data[at:]


def _encoding(data: bytes, rng: random.Random, _others: Sequence[bytes]) -> bytes:
    text = data.decode("utf-8", "replace")
    what = rng.randrange(6)
    if what < 4:
        mark, name = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"", "utf-16-le"), (b"", "utf-16-be"))[
            what
        ]
        return mark + text.encode(name, "surrogatepass")
    if what == 4:
        return b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n")
    return data.replace(b"\n", rng.choice((b"\r", b"\r\r\n", b"\n\r", b"\x85", b"\xe2\x80\xa8")))


def _splice(data: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    """Lines of another command between."""
    lines, foreign = data.split(b"\n"), rng.choice(others).split(b"\n")
    start = rng.randrange(len(foreign))
    at = rng.randrange(len(lines) + 1)
    lines[at:at] = foreign[start : start + rng.randrange(1, 12)]
    return b"\n".join(lines)


def _interleave(data: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    """Two texts' lines by turns, as where two sessions wrote to one file."""
    one, two = data.split(b"\n"), rng.choice(others).split(b"\n")
    merged: list[bytes] = []
    while one and two:
        source = rng.choice((one, two))
        count = rng.randrange(1, 6)
        merged += source[:count]
        del source[:count]
    return b"\n".join((*merged, *one))


MUTATORS: tuple[Mutator, ...] = (
    _flip,
    _insert,
    _delete,
    _double,
    _truncate,
    _lines,
    _lines,
    _number,
    _address,
    _word,
    _control,
    _run,
    _encoding,
    _splice,
    _interleave,
)
