"""Samples in: recording files, phone protocol, Bluetooth, Lab Streaming Layer, a simulated wearer.

A file that comes from outside takes the road of `confined.run_confined`: a child process with limits opens it with
`opening.open_recording`, computes on it, and hands back a small result. `base` holds what an opened recording gives.
Nothing is imported here, so that the parent, which never parses, starts without the parsers.
"""
