"""What tickets have beside their conversation: a history of events, tags, links, notices."""
