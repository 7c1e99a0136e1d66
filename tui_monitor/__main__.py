"""python -m tui_monitor."""

import sys

from tui_monitor.cli.main import main

sys.exit(main())
