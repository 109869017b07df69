"""The command ``amdanet``: one module a command, imported when it is called."""
