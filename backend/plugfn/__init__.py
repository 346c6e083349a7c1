"""Connect your users' accounts at other services, and run actions on them."""
