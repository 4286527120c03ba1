"""One file a cause. Each file's docstring is its page in `vpnaudit explain`."""
