"""What stands between a command and the swapper: many files at once, the page in the browser."""
