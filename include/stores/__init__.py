"""Stores: SQL over a connection that they are given. They know our own tables, neither Airflow nor HTTP."""
