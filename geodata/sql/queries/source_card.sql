-- What was registered of one source: operator, owner, project, license, attribution, simulated, registered_at.
select operator, owner, project, license, attribution, simulated, registered_at from source where name = %(source)s
