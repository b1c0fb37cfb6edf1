-- A payload that an adapter or the catalogue has since been mended for, read again and stored, is not offered twice.
alter table rejection add column mended_at timestamptz;
