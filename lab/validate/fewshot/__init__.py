"""What a few measurements of a new device are worth: every bundled device in turn plays the new one."""
