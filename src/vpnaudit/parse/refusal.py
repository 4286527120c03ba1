"""Tell an answer that is a refusal from an answer that has content.

A refusal is data (the device does not know, or does not permit, the command), never an empty result.
"""

from __future__ import annotations

import re

_LONGEST = 4000
"""Characters. A refusal is a few lines; a text beyond this is something else."""

_REFUSAL = re.compile(
    r"""\s*(?:ERROR:\s*)?(?:%\s*)?
        (?: Invalid\s(?:input|command|parameter|argument)\b
          | Incomplete\scommand
          | Ambiguous\scommand
          | Unknown\scommand
          | Unrecognized\scommand
          | (?:Command\s)?[Aa]uthorization\s(?:failed|denied)
          | (?:Command\s)?not\sauthorized
          | This\scommand\sis\snot\s(?:authorized|supported)
          | Command\s(?:not\sfound|rejected|not\ssupported)
          | Permission\sdenied
          | Access\sdenied
          | Bad\s(?:secrets|IP\saddress|hostname)
          | Cannot\sexecute\sthis\scommand
          | Syntax\serror
        )""",
    re.VERBOSE | re.IGNORECASE,
)
_BESIDE = re.compile(
    r"""\s*\^\s*$                                   # the caret under the word
      | [\w.@:/()~-]{1,100}[#>]                     # a prompt, with or without the echo
      | \s*sho?w?\s                                 # the echo alone
      | Translating\s"                              # a word taken for a host name
      | Load\sfor\sfive\ssecs:|Time\ssource\sis\s|No\stime\ssource,
    """,
    re.VERBOSE,
)


def is_refused(text: str) -> bool:
    r"""Whether a device refused the command: the answer holds a refusal, and nothing but what stands beside one.

    >>> is_refused("             ^\n% Invalid input detected at '^' marker.\n")
    True
    >>> is_refused("No SAs found\n")
    False
    """
    if len(text) > _LONGEST:
        return False
    lines = [line for line in text.split("\n") if line.strip()]
    refusals = sum(1 for line in lines if _REFUSAL.match(line))
    return refusals > 0 and all(_REFUSAL.match(line) or _BESIDE.match(line) for line in lines)
