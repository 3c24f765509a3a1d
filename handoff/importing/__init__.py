"""Accounts, customers and agents from CSV files: read, looked at without writing, and written."""
