"""The one thread with the one loop: sockets, TLS, timers, files."""
