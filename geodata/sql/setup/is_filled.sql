-- Whether anything was ever registered.
select to_regclass('vonglau.source') is not null
    and (xpath('/row/n/text()', query_to_xml(
        case when to_regclass('vonglau.source') is null then 'select 0 as n'
        else 'select count(*) as n from vonglau.source' end, false, true, '')))[1]::text::bigint > 0
