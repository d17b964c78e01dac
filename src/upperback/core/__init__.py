"""Ids, units, clock, errors and three-valued logic: what every other room stands on."""
