"""The fault matrix: real worker processes, killed and stopped, against a Microsoft that misbehaves (`make faults`)."""
