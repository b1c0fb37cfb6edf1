-- Kept payloads of a source were read again; the number of those that were not said before.
select mend(%(source)s::smallint, %(ids)s::bigint[])
