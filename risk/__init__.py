"""The room `niming.risk`."""

if __name__ != "niming.risk":
    raise ImportError("this room is imported as niming.risk, not as risk")
