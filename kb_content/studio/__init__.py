"""The editors' studio: drafts, their way to publication, and what is kept about it."""
