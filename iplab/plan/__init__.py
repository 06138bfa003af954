"""Planning: what leads from the observed state to the wanted one."""
