"""The blocks of the pages, one module a block with its script and style beside it."""
