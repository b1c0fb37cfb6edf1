select prune_rejections(%(before)s)
