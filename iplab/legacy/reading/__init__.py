"""What a pipeline picks out of an old tool's output, and the iproute2 that gives the same."""
