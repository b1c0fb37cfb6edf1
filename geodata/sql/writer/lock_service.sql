-- One writer of a service at a time: versions come out in the order of their commits, and nobody deadlocks. The clock is
-- read when the lock is held: of two writers the later one also has the later clock, however long it waited.
with locked as materialized (
    select version from service where service_id = %(service)s for update
)
select clock_timestamp(), version from locked
