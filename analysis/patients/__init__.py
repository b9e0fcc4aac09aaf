"""A page for each study patient: her timeline, and why her lines are so."""
