"""Reports of recordings as one HTML file: pictures and tables, no script, nothing fetched, fit to print."""
