"""What passes between the store and the rest: batches in, states out. The SQL lives in ``geodata/sql``."""
