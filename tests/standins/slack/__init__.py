"""A strict stand-in for Slack on loopback, and a world of people that tests move. See README.md."""
