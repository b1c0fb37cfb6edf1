create index service_request_updated on service_request (service_id, updated_datetime);
create index service_request_finished on service_request (service_id, coalesce(closed_datetime, updated_datetime));
create index thing_service on thing (service_id) where revision is not null;
create index rejection_newest on rejection (source_id, rejection_id desc);
