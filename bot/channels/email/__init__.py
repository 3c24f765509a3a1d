"""Mail, outbound only: copies of what the desk says, and notices for the staff."""
