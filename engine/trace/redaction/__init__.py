"""What leaves the program without patients' data, names of systems and addresses: only what is known to be harmless."""
