"""What the desk does by itself when a moment comes: warnings, apologies, reminders, surveys."""
