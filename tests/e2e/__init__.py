"""The product as a whole, in a real Airflow that ends with the last of these tests."""
