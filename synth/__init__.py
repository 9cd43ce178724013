"""The room `niming.synth`."""

if __name__ != "niming.synth":
    raise ImportError("this room is imported as niming.synth, not as synth")
