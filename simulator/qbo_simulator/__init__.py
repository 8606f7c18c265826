"""A server that behaves like the QuickBooks Online Accounting API, where it hurts included.

Run it with ``python -m qbo_simulator``; tests of any Python project can use :mod:`qbo_simulator.testing`.
"""

__version__ = "0.1.0"
