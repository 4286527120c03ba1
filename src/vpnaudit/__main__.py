"""`vpnaudit` and `python -m vpnaudit`."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
    from vpnaudit.cli.app import run  # noqa: PLC0415 - the package must import in no time

    run()


if __name__ == "__main__":
    main()
