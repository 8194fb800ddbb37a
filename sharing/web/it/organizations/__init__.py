"""IT's pages of partner organizations: what Exchange lets them see, what was agreed on, and plans to change it."""
