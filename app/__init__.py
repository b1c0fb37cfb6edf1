"""The Panel application and the command line. Shows layers, never imports a source."""
