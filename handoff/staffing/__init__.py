"""Who works here, and when: teams, skills, shifts, absences, who is on call, and to whom a ticket goes."""
