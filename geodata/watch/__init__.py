"""The watch: rules look at frames, findings open, change and close, people act on them (docs/contracts.md, 15)."""
