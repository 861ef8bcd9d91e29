"""The tally as a clerk hands it up: counted from the ledger, written as XLSX, Word, CSV and JSON."""
