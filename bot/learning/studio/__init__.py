"""What a draft does to the answers: draft against live, before customers see it."""
