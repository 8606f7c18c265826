"""`python -m demo.runner <command>`: what the Makefile calls, with the system's own Python."""

import sys

from demo.runner.python_version import trouble_with_python

# Nothing that an old Python cannot read may be imported before its version was looked at.
trouble = trouble_with_python(sys.version_info[:2])
if trouble:
    sys.exit(trouble)

from demo.runner.commands import main  # noqa: E402  (see above)

sys.exit(main(sys.argv[1:]))
