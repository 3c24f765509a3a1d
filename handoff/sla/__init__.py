"""What the desk promises, and how it keeps count: calendars, policies, and the four clocks of a ticket."""
