"""One file a rule, named as its title. The docstring is the rule's page in `vpnaudit explain`."""
