"""Recall: who was told something that turned out wrong, and the correction in the same conversation."""
