"""One file a verb: arguments, printing, exit status. A verb's body imports late, so that `--help` answers at once."""
