-- One writer of a service at a time: versions come out in the order of their commits, and nobody deadlocks.
select now(), version from service where service_id = %(service)s for update
