"""The criteria of eligibility: requirements as data, judged on the evidence of one screening, each with the tree of its reasons."""
