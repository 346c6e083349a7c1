"""What vendors post: the door for their webhooks, and the work that each event causes."""
