"""What agents have at hand while they work: macros, views, drafts, what they have read, and who else looks."""
