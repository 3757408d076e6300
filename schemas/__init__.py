"""JSON Schemas shipped as data, their loader and the validator."""
