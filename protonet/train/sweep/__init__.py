"""Sweeps: many trainings that differ in a few fields, judged on data that none of them saw."""
