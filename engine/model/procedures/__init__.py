"""What a service user's procedure is asked to do: one frozen value for each, run by `commands.RunProcedure`.

A procedure is what people call one thing and DIMSE makes several messages of: printing a film, asking for a storage
commitment and awaiting its report. `engine.services.procedures` knows how each is done. A module for each family.
"""
