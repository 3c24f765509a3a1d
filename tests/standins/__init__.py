"""Loopback stand-ins for the platforms: strict where the real ones are."""
