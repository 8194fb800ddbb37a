"""Which outside organizations exist and what they may see: exports, plans and scripts of Exchange; offline."""
