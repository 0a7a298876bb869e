"""The checks that every loss goes through, built-in or a user's.

A check is a function from a case to an observation; `lossbench.checks.run.check_loss` does all of them. The tests
of the catalogue use the same code. Nothing is imported here, so that `lossbench.checks.tasks` answers without
torch.
"""
