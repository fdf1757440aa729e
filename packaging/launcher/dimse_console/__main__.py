"""``python -m dimse_console``, and the script a frozen program starts with."""

from __future__ import annotations

import sys

from dimse_console import main

if __name__ == "__main__":
    sys.exit(main())
