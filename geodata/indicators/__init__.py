"""Numbers that can be defended: each is one function with its definition, its unit, its n and its legal source.

The wall, the page, the command and a notebook ask the same function. Families are found by being there
(``geodata/indicators/families``); docs/contracts.md, section 17.
"""
