"""Ledgerline's rooms: the core (billing_sync), stores, expectations and wiring."""
