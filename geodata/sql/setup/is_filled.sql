-- Whether anything was ever registered.
select exists (select from vonglau.source)
