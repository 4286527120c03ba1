"""One file an area of checks, named as the area: `remedies(situation)` gives what to do, in order."""
