"""Wiring: joins core, stores and wire, and takes what they need from Airflow. DAGs and pages call this room alone."""
