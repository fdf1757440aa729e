"""Frozen values that cross the floors: proposals, command sets, data sets, commands, notices.

Imports `engine.standard` only. Everything here may be shared between threads.

- to and from the engine: commands, notices, notice_words, objects
- an association: association, identity, tls, limits
- messages: command_set, dataset, picture
- work of several messages: storing, references, commitment, ups, procedures
- the built-in peer and its faults: emulation, scripting, faults
- tools: quick, remembering, reading, file_names, whole_numbers, defects
"""
