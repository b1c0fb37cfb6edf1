select bump_watch()
