"""The pages, one module a group. Each has `PAGES`, the rows of the table of routes."""
