"""One module a family of rules, its words and limits beside it."""
