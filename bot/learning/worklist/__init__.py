"""The editors' ranked worklist: what to write or mend next, and what it was worth."""
