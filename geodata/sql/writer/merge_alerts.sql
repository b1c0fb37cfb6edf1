select merge_alerts()
