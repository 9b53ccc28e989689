"""What a swap is measured by, one metric a file; `evaluate` puts them together on a list of pairs."""
