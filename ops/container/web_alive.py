"""The health check of web's container: exit code 0 if the web server answers."""

import os
from urllib.request import urlopen

# urlopen raises an error for every answer but a good one.
urlopen(f"http://127.0.0.1:{os.environ['PORT']}/health/live", timeout=4).close()
