"""What a rule needs and finds; one module a rule family."""
