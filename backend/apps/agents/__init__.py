"""What agents may do here: the contract of their tools, who they are, and the log of what they called."""
