"""Rules, one file each: what is wrong, or could make the next trouble longer. `registry` runs them."""
