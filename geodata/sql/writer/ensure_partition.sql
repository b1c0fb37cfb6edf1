select ensure_partition(%(parent)s, %(moment)s)
