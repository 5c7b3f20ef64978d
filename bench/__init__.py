"""How fast a vote is, against the least a web server and a database could do on the same machine."""
