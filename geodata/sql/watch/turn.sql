-- One watch a city: the others stand by until this connection is gone.
select pg_try_advisory_lock(x'76776368'::int)
