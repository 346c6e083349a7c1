"""The mail catcher: what arrived by the SMTP emulator, and in one process with SendGrid's also by that, on a page."""
