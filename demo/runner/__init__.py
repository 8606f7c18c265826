"""The local runner behind `make demo`: virtual environment, embedded PostgreSQL, simulator and Airflow on one machine.

Everything it makes lies in the state folder (`.ledgerline/` in the checkout, or `LEDGERLINE_HOME`), every server
listens on 127.0.0.1, and every process that it starts can be found again and ended by `make stop`. Modules that run
before the virtual environment exists use the standard library alone.
"""
