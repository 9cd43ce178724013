"""The Merkle tree of RFC 9162: short proofs that a log holds an entry and only ever grew.

Leaves and inner nodes are hashed with SHA-256 under different first bytes, so that an inner node
can never pass for an entry. `MerkleTree` keeps the hash of every complete subtree, 64 bytes an
entry, and answers for every size that the log ever had.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

from niming.errors import InputError
from niming.measure import JSON

__all__ = [
    "EMPTY_ROOT",
    "Consistency",
    "Inclusion",
    "MerkleTree",
    "leaf_hash",
    "node_hash",
    "verify_consistency",
    "verify_inclusion",
]

EMPTY_ROOT = sha256(b"").digest()
"""Root of the tree without leaves (RFC 9162, section 2.1.1)."""

_WIDTH = 32  # bytes of a SHA-256 digest


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of an entry, ``SHA-256(0x00 || data)``.

    Parameters
    ----------
    data : bytes
        The entry.

    Returns
    -------
    bytes of length 32

    References
    ----------
    Laurie, Messeri and Stradling 2021, RFC 9162, section 2.1.1.

    Examples
    --------
    >>> leaf_hash(b"").hex()[:16]
    '6e340b9cffb37a98'
    """
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node, ``SHA-256(0x01 || left || right)``.

    Parameters
    ----------
    left, right : bytes of length 32
        Hashes of the two children.

    Returns
    -------
    bytes of length 32

    References
    ----------
    RFC 9162, section 2.1.1.

    Examples
    --------
    >>> node_hash(leaf_hash(b""), leaf_hash(b"\\x00")).hex()[:16]
    'fac54203e7cc696c'
    """
    return sha256(b"\x01" + left + right).digest()


class MerkleTree:
    """A Merkle tree that grows by one leaf at a time and remembers all of its past.

    Notes
    -----
    Level h holds the hashes of the complete subtrees of 2^h leaves. Appending costs one hash on
    average and log2(n) at most; a root or a proof costs O(log n) hashes for any earlier size.
    Memory is 64 bytes a leaf.

    References
    ----------
    RFC 9162, section 2.1.

    Examples
    --------
    >>> tree = MerkleTree()
    >>> for event in (b"registered", b"certified", b"loaded"):
    ...     _ = tree.append(leaf_hash(event))
    >>> proof = tree.inclusion_proof(1)
    >>> verify_inclusion(leaf_hash(b"certified"), 1, 3, proof, tree.root())
    True
    """

    __slots__ = ("_levels",)

    def __init__(self) -> None:
        self._levels: list[bytearray] = [bytearray()]

    def __len__(self) -> int:
        return len(self._levels[0]) // _WIDTH

    def __repr__(self) -> str:
        return f"MerkleTree({len(self)} leaves, root {self.root().hex()[:16]}…)"

    def append(self, leaf: bytes) -> int:
        """Add the hash of an entry (from `leaf_hash`) and return its index, counted from 0."""
        if len(leaf) != _WIDTH:
            raise InputError(f"a leaf hash has {_WIDTH} bytes, not {len(leaf)}")
        index = position = len(self)
        levels, height = self._levels, 0
        levels[0] += leaf
        while position & 1:  # a right child: its parent is complete now
            pair = levels[height][-2 * _WIDTH :]
            height += 1
            position >>= 1
            if height == len(levels):
                levels.append(bytearray())
            levels[height] += sha256(b"\x01" + pair).digest()
        return index

    def leaf(self, index: int) -> bytes:
        """Return the leaf hash at `index`."""
        if not 0 <= index < len(self):
            raise InputError(f"the tree has {len(self)} leaves, none with the index {index}")
        return self._node(0, index)

    def root(self, size: int | None = None) -> bytes:
        """Return the root over the first `size` leaves (default: all), 32 bytes."""
        size = self._size(size)
        return self._subtree(0, size) if size else EMPTY_ROOT

    def inclusion_proof(self, index: int, size: int | None = None) -> tuple[bytes, ...]:
        """Return the hashes that lead from leaf `index` to the root over `size` leaves.

        Parameters
        ----------
        index : int in [0, size)
        size : int, default the number of leaves

        Returns
        -------
        tuple of bytes
            At most ceil(log2(size)) hashes, from the leaf upwards.

        References
        ----------
        RFC 9162, section 2.1.3.1, ``PATH(m, D_n)``.
        """
        size = self._size(size)
        if not 0 <= index < size:
            raise InputError(f"no leaf {index} among the first {size}")
        path: list[bytes] = []
        low, high = 0, size
        while high - low > 1:
            middle = low + _split(high - low)
            if index < middle:
                path.append(self._subtree(middle, high))
                high = middle
            else:
                path.append(self._subtree(low, middle))
                low = middle
        return tuple(reversed(path))

    def consistency_proof(self, first: int, second: int | None = None) -> tuple[bytes, ...]:
        """Return the hashes that show the first `first` of `second` leaves to be unchanged.

        Parameters
        ----------
        first : int in [0, second]
        second : int, default the number of leaves

        Returns
        -------
        tuple of bytes
            Empty when `first` is 0 or equals `second`.

        References
        ----------
        RFC 9162, section 2.1.4.1, ``PROOF(m, D_n)``; it leaves out `first` = 0, where there is
        nothing to show.
        """
        second = self._size(second)
        if not 0 <= first <= second:
            raise InputError(f"a tree of {second} leaves cannot extend one of {first}")
        if first in (0, second):
            return ()
        path: list[bytes] = []
        low, high = 0, second
        while first != high:
            middle = low + _split(high - low)
            if first <= middle:
                path.append(self._subtree(middle, high))
                high = middle
            else:
                path.append(self._subtree(low, middle))
                low = middle
        if low:  # otherwise the verifier has this hash already: it is the first root
            path.append(self._subtree(low, high))
        return tuple(reversed(path))

    def _size(self, size: int | None) -> int:
        """Return `size`, or the number of leaves, after checking that the tree is that large."""
        if size is None:
            return len(self)
        if not 0 <= size <= len(self):
            raise InputError(f"the tree has {len(self)} leaves, not {size}")
        return size

    def _node(self, height: int, position: int) -> bytes:
        return bytes(self._levels[height][position * _WIDTH : (position + 1) * _WIDTH])

    def _subtree(self, low: int, high: int) -> bytes:
        """Return the hash over the leaves low to high - 1, a node of the tree over `high` leaves.

        Such a range starts at a multiple of a power of two no smaller than its length, so its
        complete parts are stored and only its ragged right edge is hashed anew.
        """
        edge: bytes | None = None
        while high > low:  # take the smallest complete subtree from the right, upwards
            size = high - low
            height = (size & -size).bit_length() - 1
            block = self._node(height, (high >> height) - 1)
            edge = block if edge is None else node_hash(block, edge)
            high -= 1 << height
        assert edge is not None
        return edge


@dataclass(frozen=True)
class Inclusion:
    """Proof that a log of `size` entries with the root `root` holds one entry.

    Parameters
    ----------
    index : int
        Number of the entry, counted from 0.
    size : int
        Number of entries of the log.
    leaf, root : bytes of length 32
        Hash of the entry, and root of the log.
    path : tuple of bytes
        Hashes from the leaf upwards.
    """

    index: int
    size: int
    leaf: bytes
    root: bytes
    path: tuple[bytes, ...]

    def holds(self) -> bool:
        """Return whether the path leads from the leaf to the root."""
        return verify_inclusion(self.leaf, self.index, self.size, self.path, self.root)

    def to_dict(self) -> dict[str, JSON]:
        """Return the proof as JSON with hashes in lowercase hex."""
        return {
            "index": self.index,
            "size": self.size,
            "leaf": self.leaf.hex(),
            "root": self.root.hex(),
            "path": [node.hex() for node in self.path],
        }

    @classmethod
    def from_dict(cls, proof: Mapping[str, JSON]) -> Self:
        """Return the proof that `to_dict` wrote; raise InputError when it is none."""
        return cls(
            index=_count(proof, "index"),
            size=_count(proof, "size"),
            leaf=_hash(proof.get("leaf"), "leaf"),
            root=_hash(proof.get("root"), "root"),
            path=_path(proof),
        )

    def __repr__(self) -> str:
        return f"Inclusion(entry {self.index} of {self.size}, root {self.root.hex()[:16]}…)"


@dataclass(frozen=True)
class Consistency:
    """Proof that a log of `second` entries begins with the log of `first` entries.

    Parameters
    ----------
    first, second : int
        Sizes of the earlier and the later log.
    first_root, second_root : bytes of length 32
        Their roots.
    path : tuple of bytes
        Hashes as RFC 9162 orders them.
    """

    first: int
    second: int
    first_root: bytes
    second_root: bytes
    path: tuple[bytes, ...]

    def holds(self) -> bool:
        """Return whether the path leads to both roots."""
        return verify_consistency(
            self.first, self.first_root, self.second, self.second_root, self.path
        )

    def to_dict(self) -> dict[str, JSON]:
        """Return the proof as JSON with hashes in lowercase hex."""
        return {
            "first": self.first,
            "second": self.second,
            "first_root": self.first_root.hex(),
            "second_root": self.second_root.hex(),
            "path": [node.hex() for node in self.path],
        }

    @classmethod
    def from_dict(cls, proof: Mapping[str, JSON]) -> Self:
        """Return the proof that `to_dict` wrote; raise InputError when it is none."""
        return cls(
            first=_count(proof, "first"),
            second=_count(proof, "second"),
            first_root=_hash(proof.get("first_root"), "first_root"),
            second_root=_hash(proof.get("second_root"), "second_root"),
            path=_path(proof),
        )

    def __repr__(self) -> str:
        return f"Consistency({self.first} -> {self.second} entries)"


def verify_inclusion(
    leaf: bytes, index: int, size: int, path: tuple[bytes, ...], root: bytes
) -> bool:
    """Return whether `path` leads from `leaf` at `index` to the `root` over `size` leaves.

    Parameters
    ----------
    leaf, root : bytes of length 32
    index, size : int
    path : tuple of bytes of length 32

    Returns
    -------
    bool

    References
    ----------
    RFC 9162, section 2.1.3.2.

    Examples
    --------
    >>> verify_inclusion(leaf_hash(b"a"), 0, 1, (), leaf_hash(b"a"))
    True
    """
    if not 0 <= index < size or any(len(h) != _WIDTH for h in (leaf, root, *path)):
        return False
    position, last, node = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if position & 1 or position == last:
            node = node_hash(sibling, node)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            node = node_hash(node, sibling)
        position >>= 1
        last >>= 1
    return last == 0 and node == root


def verify_consistency(
    first: int, first_root: bytes, second: int, second_root: bytes, path: tuple[bytes, ...]
) -> bool:
    """Return whether the log of `second` entries is shown to begin with that of `first`.

    Parameters
    ----------
    first, second : int
    first_root, second_root : bytes of length 32
    path : tuple of bytes of length 32

    Returns
    -------
    bool

    Notes
    -----
    RFC 9162 asks for 0 < first < second. Equal sizes hold when the roots are equal and the path
    is empty; `first` = 0 holds when the first root is that of the empty tree, path empty.

    References
    ----------
    RFC 9162, section 2.1.4.2.

    Examples
    --------
    >>> verify_consistency(1, leaf_hash(b"a"), 2, node_hash(leaf_hash(b"a"), leaf_hash(b"b")),
    ...                    (leaf_hash(b"b"),))
    True
    """
    if any(len(h) != _WIDTH for h in (first_root, second_root, *path)):
        return False
    if not 0 <= first <= second:
        return False
    if first == second:
        return not path and first_root == second_root and (first > 0 or first_root == EMPTY_ROOT)
    if first == 0:
        return not path and first_root == EMPTY_ROOT
    nodes = list(path)
    if first & (first - 1) == 0:  # a complete tree: its root is the first node
        nodes.insert(0, first_root)
    if not nodes:
        return False
    position, last = first - 1, second - 1
    while position & 1:
        position >>= 1
        last >>= 1
    earlier = later = nodes[0]
    for sibling in nodes[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            earlier = node_hash(sibling, earlier)
            later = node_hash(sibling, later)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            later = node_hash(later, sibling)
        position >>= 1
        last >>= 1
    return last == 0 and earlier == first_root and later == second_root


def _split(size: int) -> int:
    """Return the largest power of two smaller than `size` (RFC 9162: k < n <= 2k)."""
    return 1 << ((size - 1).bit_length() - 1)


def _count(proof: Mapping[str, JSON], key: str) -> int:
    value = proof.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise InputError(f"the proof has no {key!r} that is a whole number from 0")
    return value


def _hash(value: JSON, key: str) -> bytes:
    if isinstance(value, str) and len(value) == 2 * _WIDTH:
        try:
            return bytes.fromhex(value)
        except ValueError:
            pass
    raise InputError(f"the proof has no {key!r} that is a SHA-256 in hex")


def _path(proof: Mapping[str, JSON]) -> tuple[bytes, ...]:
    path = proof.get("path")
    if not isinstance(path, list):
        raise InputError("the proof has no 'path' that is a list")
    return tuple(_hash(node, "path") for node in path)
