"""The rules of the gates: each kind judges one requirement over all time and answers with sets of instants."""
