-- Which outlet was told of which finding, or will be.
select distinct outlet, finding_id from delivery
where finding_id = any(%(findings)s) and (state in ('waiting', 'delivered') or tries > 0)
