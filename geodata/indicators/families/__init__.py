"""One module a family of indicators, with its words and targets in the TOML beside it; found by being there."""
