-- Everything that happened to one finding, by the watch and by people, oldest first.
select time, 'watch' as who, what, level, detail from finding_change where finding_id = %(id)s
union all
select time, who, what, null, detail from act where finding_id = %(id)s
order by time
