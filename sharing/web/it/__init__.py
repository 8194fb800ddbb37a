"""Pages for IT: who may see and change which calendar of a tenant."""
