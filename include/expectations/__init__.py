"""The gate: Great Expectations suites over the facts of the candidates, their runner, and the page that shows the result.

Great Expectations and pandas are imported inside functions: only the check task pays for them.
"""
