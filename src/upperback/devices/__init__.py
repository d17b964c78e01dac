"""Samples in: recording files, phone protocol, Bluetooth, Lab Streaming Layer, a simulated wearer."""
