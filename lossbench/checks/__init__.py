"""What every loss is checked for, built-in or custom.

A check is a function from a case to an observation; `lossbench.checks.run.check_loss` does all of them. The
tests of the catalogue use the same arithmetic. Nothing is imported here, so that `lossbench.checks.tasks` answers
without torch.
"""
