"""The language: project YAML to a `Program`, pure and deterministic."""
