"""Why something failed: what happened on the wire, the likely cause, what to change, the clause, and what shows it.

Pure: notices in, diagnoses out (`diagnoser.py`). `story.py` remembers what is needed of each association and operation;
the rules stand by what they look at.
"""
