"""python -m tui_monitor."""

import sys

from tui_monitor.cli import main

sys.exit(main())
