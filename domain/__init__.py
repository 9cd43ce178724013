"""The room `niming.domain`."""

if __name__ != "niming.domain":
    raise ImportError("this room is imported as niming.domain, not as domain")
