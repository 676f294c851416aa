"""Copies of the record that can be read without Daybook, by people and by the programs of others."""
