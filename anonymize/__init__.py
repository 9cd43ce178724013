"""The room `niming.anonymize`."""

if __name__ != "niming.anonymize":
    raise ImportError("this room is imported as niming.anonymize, not as anonymize")
