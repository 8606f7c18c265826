"""Reports, computed from the ledger and from open balances."""
