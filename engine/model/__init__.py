"""Frozen values that cross the floors: proposals, command sets, data sets, commands, notices.

Imports `engine.standard` only. Everything here may be shared between threads.
"""
