"""What every loss is looked at for, one of the catalogue as one of the user's own.

A check is one function from a case to a finding; `lossbench.checks.run.check_loss` does all of them. The tests of
the catalogue stand on the same arithmetic. Nothing is imported here, so that `lossbench.checks.tasks` answers
without torch.
"""
