select merge_versions(%(kind)s, %(identity)s, %(valid)s)
