-- One of a city sends: the others stand by until this connection is gone.
select pg_try_advisory_lock(x'766e6f74'::int)
