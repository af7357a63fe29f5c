"""What every layer stands on: errors, the registry of commands, the ledger, where state lives."""
