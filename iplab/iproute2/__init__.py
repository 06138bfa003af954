"""`ip` command words → operations (abbreviations too), and what they mean in people's words."""

from iplab.iproute2.program import read, read_batch, read_text
from iplab.iproute2.reading import Known, Part, Reading

__all__ = ["Known", "Part", "Reading", "read", "read_batch", "read_text"]
