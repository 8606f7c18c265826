"""The pages that Ledgerline adds to Airflow's UI. Importing this package costs nothing; FastAPI comes with ``web``."""
