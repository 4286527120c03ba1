"""The types in which the stages meet. Frozen, typed, without behaviour beyond properties."""
