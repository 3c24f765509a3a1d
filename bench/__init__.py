"""Speed, as ratios within one run: machines are noisy, ratios travel. ``make bench`` runs all of it."""
