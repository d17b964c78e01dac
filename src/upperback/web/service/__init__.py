"""A service: accounts, who is at this browser, what stands before every page. On one's own machine none is imported."""
