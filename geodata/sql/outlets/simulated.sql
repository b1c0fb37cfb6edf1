-- Whether the whole city is: nothing real was ever bound to it.
select coalesce(bool_and(simulated), false) from source
