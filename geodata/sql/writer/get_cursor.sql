select value from cursor join source using (source_id) where source.name = %(name)s
