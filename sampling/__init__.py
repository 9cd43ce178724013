"""The room `niming.sampling`."""

if __name__ != "niming.sampling":
    raise ImportError("this room is imported as niming.sampling, not as sampling")
