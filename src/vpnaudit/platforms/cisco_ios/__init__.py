"""cisco_ios."""
