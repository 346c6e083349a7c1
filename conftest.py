"""Makes every run of the tests interruptible."""

import signal

# Scripts start background processes with SIGINT ignored, and so do some CI runners. The processes that tests start and
# interrupt would inherit that. A shell cannot undo it, but Python can.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
