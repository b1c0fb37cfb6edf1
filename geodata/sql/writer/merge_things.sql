select merge_things()
