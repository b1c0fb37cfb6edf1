-- feed() tells one column more, which an existing function cannot; the new one follows with all functions.
drop function if exists feed(timestamptz, timestamptz, timestamptz);
