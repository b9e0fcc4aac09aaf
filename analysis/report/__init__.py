"""From the rows to the page: how numbers are printed, what sentences say, which figures there are."""
