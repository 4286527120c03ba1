"""One file a cause, named as the cause with underscores: `remedies(situation)` gives what to do, in order."""
