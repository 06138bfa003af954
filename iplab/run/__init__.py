"""The only floor that touches the machine."""
