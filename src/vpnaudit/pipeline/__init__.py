"""Strings the stages together: nightly, audit, one tunnel, logs. Holds the order, no judgement of its own."""
