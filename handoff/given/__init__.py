"""What a customer's own words already tell: details that nobody should ask for again, what they tried, their matter."""
