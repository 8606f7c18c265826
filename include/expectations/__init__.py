"""The gate: Great Expectations suites over the facts of the candidates, their runner, and the page that shows the result.

Great Expectations and pandas are imported inside functions: only the check task pays for them.
"""

import logging

# Great Expectations logs some two hundred lines while it is imported, unless its logger was told before.
logging.getLogger("great_expectations").setLevel(logging.WARNING)
