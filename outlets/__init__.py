"""Ways out: what findings say is sent to webhooks, MQTT brokers, mail boxes and readers of CAP."""
