"""Reading `vpnaudit.yaml`: thresholds and waivers."""

from __future__ import annotations

import math
from pathlib import Path

import msgspec
import yaml

from vpnaudit.errors import SettingsError
from vpnaudit.settings.thresholds import Settings, Thresholds


def load_settings(path: Path | None) -> Settings:
    """Read the settings at `path`; without a path, the defaults. Dates of waivers are ISO (`until: 2027-03-31`).

    Raises SettingsError, which names the file and the key, where the file cannot be read, is no YAML, has an unknown
    key or a value of the wrong kind, a threshold that is no number from 0 up, or a waiver without a reason.
    """
    if path is None:
        return Settings()
    written = _read(path)
    try:
        settings = msgspec.convert({} if written is None else written, Settings)
    except msgspec.ValidationError as error:
        problem, _, key = str(error).partition(" - at `$")
        raise SettingsError(_where(path, key.rstrip("`")), _lower_first(problem)) from None
    _check_thresholds(path, settings.thresholds)
    for number, waiver in enumerate(settings.waivers):
        for name in ("rule", "reason"):
            if not getattr(waiver, name).strip():
                raise SettingsError(_where(path, f".waivers[{number}].{name}"), "must not be empty")
    return settings


def _read(path: Path) -> object:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(str(path), f"cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise SettingsError(str(path), "is no UTF-8 text") from None
    except yaml.YAMLError as error:
        raise SettingsError(str(path), f"is no YAML: {_yaml_problem(error)}") from None
    except (ValueError, RecursionError) as error:
        raise SettingsError(str(path), f"cannot be read as YAML: {error}") from None


def _yaml_problem(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"line {error.problem_mark.line + 1}: {error.problem or 'not understood'}"
    return str(error).splitlines()[0]


def _check_thresholds(path: Path, thresholds: Thresholds) -> None:
    for name, value in msgspec.structs.asdict(thresholds).items():
        if not math.isfinite(value) or value < 0:
            raise SettingsError(_where(path, f".thresholds.{name}"), f"must be a number from 0 up, not {value}")


def _where(path: Path, key: str) -> str:
    return f"{path}: {key.lstrip('.')}" if key else str(path)


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
