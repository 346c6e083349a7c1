"""Makes every run of the tests interruptible, and independent of the machine's speed."""

import signal

import hypothesis

# Scripts start background processes with SIGINT ignored, and so do some CI runners. The processes that tests start and
# interrupt would inherit that. A shell cannot undo it, but Python can.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# An example that takes long on a busy machine is no failure.
hypothesis.settings.register_profile("ponte", deadline=None)
hypothesis.settings.load_profile("ponte")
