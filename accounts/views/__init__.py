"""Pages of accounts: signing in, one's own account, agencies, people and their grants."""
