"""iplab: small networks on Linux, planned, shown, run through the real ``ip``, and proved."""

__version__ = "0.1.0"
