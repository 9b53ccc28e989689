"""What the commands have in common: their arguments, many files at once, the page in the browser."""
