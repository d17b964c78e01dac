"""What is live: the socket that samples come in by."""
