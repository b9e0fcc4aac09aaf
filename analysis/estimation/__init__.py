"""From the marts to rows: every number of the report is made here, and stored with its method."""
