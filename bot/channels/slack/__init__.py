"""Slack: ``channel.SlackChannel`` reads and sends, the connection beside it brings events into the inbox."""
