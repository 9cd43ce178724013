"""The room `niming.utility`."""

if __name__ != "niming.utility":
    raise ImportError("this room is imported as niming.utility, not as utility")
