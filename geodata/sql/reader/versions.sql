select name, version from service
