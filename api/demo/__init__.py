"""A desk that has been at work for two weeks, made in minutes: people, talk and tickets, all through the real pass."""
