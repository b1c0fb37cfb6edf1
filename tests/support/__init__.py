"""Parts that fixtures are made of."""
