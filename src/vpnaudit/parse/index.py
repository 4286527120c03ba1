"""Make the `index` of a platform's templates, in ntc-templates' form: `python -m vpnaudit.parse.index`.

With it netmiko and ntc-templates can use the folder as it is (`NTC_TEMPLATES_DIR=templates/cisco_ios`).
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from vpnaudit.parse.engine import template_folder

_HEAD = """\
# Made from the folder by `python -m vpnaudit.parse.index`. Columns as in ntc-templates; abc[[xyz]] is abc(x(y(z)?)?)?.
# A command with a filter or "detail" behind it has the same template.
Template, Hostname, Platform, Command

"""
_ALSO = re.compile(r"^# Reads also: (show [a-z0-9 -]+)$", re.MULTILINE)
_SHORTEST = 3
"""Letters of a word that IOS needs, at least for the commands that have a template; `show` takes two."""


def index_text(platform: str) -> str:
    """Return what `templates/<platform>/index` must hold.

    Longest template names first, as ntc-templates orders them. A comment `# Reads also: show x y` in a template adds
    a row.
    """
    paths = sorted(template_folder(platform).glob("*.textfsm"), key=lambda path: (-len(path.name), path.name))
    rows = [f"{path.name}, .*, {platform}, {_abbreviated(command)}" for path in paths for command in _commands_of(path)]
    return _HEAD + "\n".join(rows) + "\n"


def is_current(platform: str) -> bool:
    """Whether the index on disk is what the folder asks for."""
    path = _index_path(platform)
    return path.is_file() and path.read_text(encoding="utf-8") == index_text(platform)


def main() -> None:
    """Write the index of every platform that has templates; say on standard output which changed."""
    for folder in sorted(path for path in template_folder("").iterdir() if any(path.glob("*.textfsm"))):
        if not is_current(folder.name):
            _index_path(folder.name).write_text(index_text(folder.name), encoding="utf-8")
            sys.stdout.write(f"{folder.name}/index\n")


def _index_path(platform: str) -> Path:
    return template_folder(platform) / "index"


def _commands_of(template: Path) -> list[str]:
    """The command of its file name, then those that it names itself."""
    return [template.stem.replace("_", " "), *_ALSO.findall(template.read_text(encoding="utf-8"))]


def _abbreviated(command: str) -> str:
    return " ".join(_word(word) for word in command.split())


def _word(word: str) -> str:
    """`show` as `sh[[ow]]`. Words that end in a digit (ikev2) differ from others only there, and stay whole."""
    if word == "show":
        return "sh[[ow]]"
    if len(word) <= _SHORTEST + 1 or re.search(r"\d$", word):
        return word
    return f"{word[:_SHORTEST]}[[{word[_SHORTEST:]}]]"


if __name__ == "__main__":
    main()
