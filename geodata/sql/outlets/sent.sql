-- Messages of one outlet since then, and how many of them were digests.
select count(*), count(*) filter (where news = 'digest') from delivery
where outlet = %(outlet)s and state = 'delivered' and delivered_at > %(after)s and digest_id is null
