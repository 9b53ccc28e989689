"""What every room uses and what knows no face: errors, files, configs, tables, pictures as tensors."""
