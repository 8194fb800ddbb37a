"""What others share with me: see it, rename my copy, leave, and say that I should not have it."""
