"""The statistics: frame in, estimate objects out. Nothing here knows of a study or a page."""
