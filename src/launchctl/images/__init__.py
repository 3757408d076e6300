"""Where images and code come from."""
