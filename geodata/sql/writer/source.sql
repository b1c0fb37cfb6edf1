select s.source_id, s.service_id, v.name from source as s join service as v using (service_id) where s.name = %(name)s
