"""Time zone names as devices and mails print them.

Names are not unique (CST is used in America, in China and in Cuba): a device's own configuration comes first, this
table second, and what it says is told as an assumption. Offsets in minutes east of UTC, from the tz database (2024b),
its abbreviations of before 2017 (when it gave up invented ones, which devices go on printing), and RFC 822.
"""

from __future__ import annotations

ZONE_OFFSETS_MIN: dict[str, int] = {
    "UTC": 0, "GMT": 0, "Z": 0, "UCT": 0, "ZULU": 0, "WET": 0, "AZOST": 0,
    "WEST": 60, "BST": 60, "CET": 60, "MET": 60, "MEZ": 60, "WAT": 60,
    "CEST": 120, "MEST": 120, "MESZ": 120, "EET": 120, "SAST": 120, "CAT": 120, "WAST": 120,
    "EEST": 180, "MSK": 180, "TRT": 180, "EAT": 180, "IDT": 180,
    "IRST": 210, "IRDT": 270, "AFT": 270,
    "GST": 240, "MSD": 240, "SAMT": 240, "AZT": 240, "MUT": 240, "SCT": 240,
    "PKT": 300, "UZT": 300, "TMT": 300, "TJT": 300, "MVT": 300, "YEKT": 300,
    "IST": 330, "SLST": 330, "NPT": 345, "BDT": 360, "BTT": 360, "OMST": 360, "KGT": 360, "MMT": 390,
    "ICT": 420, "WIB": 420, "KRAT": 420, "NOVT": 420, "HOVT": 420,
    "HKT": 480, "SGT": 480, "MYT": 480, "PHT": 480, "PHST": 480, "AWST": 480, "WITA": 480, "BNT": 480, "IRKT": 480,
    "ULAT": 480,
    "JST": 540, "KST": 540, "WIT": 540, "YAKT": 540, "TLT": 540, "AWDT": 540,
    "ACST": 570, "AEST": 600, "CHST": 600, "PGT": 600, "VLAT": 600, "ACDT": 630, "LHST": 630,
    "AEDT": 660, "LHDT": 660, "NCT": 660, "SBT": 660, "VUT": 660, "MAGT": 660, "SAKT": 660,
    "NZST": 720, "FJT": 720, "TVT": 720, "PETT": 720, "CHAST": 765, "NZDT": 780, "TKT": 780, "CHADT": 825, "LINT": 840,
    "SST": -660, "HST": -600, "CKT": -600, "TAHT": -600, "MART": -570, "AKST": -540, "HDT": -540, "GAMT": -540,
    "AKDT": -480, "PST": -480, "PDT": -420, "MST": -420, "MDT": -360, "CST": -360, "GALT": -360,
    "CDT": -300, "EST": -300, "COT": -300, "PET": -300, "EASST": -300,
    "EDT": -240, "AST": -240, "BOT": -240, "VET": -240, "CLT": -240, "AMT": -240, "GYT": -240,
    "ADT": -180, "BRT": -180, "ART": -180, "UYT": -180, "CLST": -180, "GFT": -180, "SRT": -180, "PYST": -180,
    "AMST": -180, "NST": -210, "NDT": -150, "BRST": -120, "UYST": -120, "FNT": -120, "AZOT": -60, "CVT": -60,
}  # fmt: skip

OTHER_MEANINGS_MIN: dict[str, tuple[int, ...]] = {
    "CST": (480, -300, 570),
    "CDT": (-240, 630),
    "IST": (120, 60),
    "BST": (360, 660),
    "AST": (180,),
    "EST": (600,),
    "EDT": (660,),
    "GST": (-120, 600),
    "PST": (480,),
    "MST": (480, 390),
    "SST": (480,),
    "AMT": (240,),
    "BDT": (480,),
    "WAST": (480,),
}
"""What the names of the table also stand for: elsewhere in the world, or where a country's law changed its zone."""
AMBIGUOUS_ZONES = frozenset(OTHER_MEANINGS_MIN)

WORDS = frozenset({"ART", "BOT", "MUT", "PET", "WIT"})
"""Names that are words, and may be a device's, as well: zones only where a colon follows."""

WINTER_NAMES: dict[str, str] = {
    "BST": "GMT", "WEST": "WET", "CEST": "CET", "MEST": "MET", "MESZ": "MEZ", "EEST": "EET", "IDT": "IST",
    "EDT": "EST", "CDT": "CST", "MDT": "MST", "PDT": "PST", "AKDT": "AKST", "ADT": "AST", "NDT": "NST",
    "AEDT": "AEST", "ACDT": "ACST", "NZDT": "NZST", "CHADT": "CHAST", "LHDT": "LHST", "CLST": "CLT",
}  # fmt: skip
"""By a summer time's name that of the rest of the year: a clock that shows one says what the other means beside it."""


def meanings(name: str) -> tuple[int, ...]:
    """Everything that a zone's name may stand for, the usual first; nothing where nobody knows it."""
    usual = ZONE_OFFSETS_MIN.get(name)
    return () if usual is None else (usual, *OTHER_MEANINGS_MIN.get(name, ()))
