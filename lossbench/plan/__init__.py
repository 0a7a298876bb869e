"""From what a user asks to what is trained, with everything checked on the way."""
