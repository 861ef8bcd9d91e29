"""What goes out in the account's name: each way with its right, its quota, an id against sending twice, a ledger."""
