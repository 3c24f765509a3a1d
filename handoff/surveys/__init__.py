"""What became of a conversation: whether it was solved, and what the customer says of it."""
