"""Cisco ASA, PIX and FTD."""
