"""Those who follow the account, all of them: fetched page by page, and put into groups by tags."""
