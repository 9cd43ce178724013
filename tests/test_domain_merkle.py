"""`niming.domain.merkle` against RFC 9162's recursive definition and published vectors."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from niming.domain.merkle import (
    EMPTY_ROOT,
    Consistency,
    Inclusion,
    MerkleTree,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)
from niming.errors import InputError

# The eight leaves and their roots that the implementations of Certificate Transparency share
# (certificate-transparency-go, transparency-dev/merkle, proof/verify_test.go).
LEAVES = [
    bytes.fromhex(leaf)
    for leaf in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION = {  # (leaf counted from 0, size): path, same source
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CONSISTENCY = {  # (first, second): path, same source
    (1, 1): [],
    (1, 8): INCLUSION[0, 8],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): INCLUSION[1, 5][1:],
    (6, 7): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
}
LARGEST = 130


# The recursive definitions of RFC 9162, sections 2.1.1, 2.1.3.1 and 2.1.4.1, word by word.
def mth(entries: list[bytes]) -> bytes:
    if not entries:
        return sha256(b"").digest()
    if len(entries) == 1:
        return sha256(b"\x00" + entries[0]).digest()
    k = half(len(entries))
    return sha256(b"\x01" + mth(entries[:k]) + mth(entries[k:])).digest()


def half(n: int) -> int:
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def path(m: int, entries: list[bytes]) -> list[bytes]:
    if len(entries) == 1:
        return []
    k = half(len(entries))
    if m < k:
        return [*path(m, entries[:k]), mth(entries[k:])]
    return [*path(m - k, entries[k:]), mth(entries[:k])]


def subproof(m: int, entries: list[bytes], *, complete: bool) -> list[bytes]:
    if m == len(entries):
        return [] if complete else [mth(entries)]
    k = half(len(entries))
    if m <= k:
        return [*subproof(m, entries[:k], complete=complete), mth(entries[k:])]
    return [*subproof(m - k, entries[k:], complete=False), mth(entries[:k])]


def grow(entries: list[bytes]) -> MerkleTree:
    tree = MerkleTree()
    for index, entry in enumerate(entries):
        assert tree.append(leaf_hash(entry)) == index
    return tree


@pytest.fixture(scope="module")
def entries() -> list[bytes]:
    return [b"entry %d" % i for i in range(LARGEST)]


@pytest.fixture(scope="module")
def tree(entries: list[bytes]) -> MerkleTree:
    return grow(entries)


@pytest.fixture(scope="module")
def roots(entries: list[bytes]) -> list[bytes]:
    return [mth(entries[:n]) for n in range(LARGEST + 1)]


class TestPublishedVectors:
    def test_roots(self):
        tree = grow(LEAVES)
        assert [tree.root(n).hex() for n in range(1, 9)] == ROOTS
        assert tree.root(0).hex() == (
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        )

    @pytest.mark.parametrize(("index", "size"), INCLUSION)
    def test_inclusion(self, index: int, size: int):
        proof = tuple(bytes.fromhex(node) for node in INCLUSION[index, size])
        assert grow(LEAVES).inclusion_proof(index, size) == proof
        root = bytes.fromhex(ROOTS[size - 1])
        assert verify_inclusion(leaf_hash(LEAVES[index]), index, size, proof, root)

    @pytest.mark.parametrize(("first", "second"), CONSISTENCY)
    def test_consistency(self, first: int, second: int):
        proof = tuple(bytes.fromhex(node) for node in CONSISTENCY[first, second])
        assert grow(LEAVES).consistency_proof(first, second) == proof
        roots = (bytes.fromhex(ROOTS[first - 1]), bytes.fromhex(ROOTS[second - 1]))
        assert verify_consistency(first, roots[0], second, roots[1], proof)


class TestAgainstTheRecursiveDefinition:
    def test_every_root(self, tree: MerkleTree, roots: list[bytes]):
        assert [tree.root(n) for n in range(LARGEST + 1)] == roots

    def test_growing_equals_looking_back(self, entries: list[bytes], roots: list[bytes]):
        tree = MerkleTree()
        for n, entry in enumerate(entries):
            assert tree.root() == roots[n]
            tree.append(leaf_hash(entry))

    @pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 31, 32, 33, 100, LARGEST])
    def test_inclusion_proofs(self, entries: list[bytes], tree: MerkleTree, size: int):
        for index in range(size):
            assert tree.inclusion_proof(index, size) == tuple(path(index, entries[:size]))

    def test_consistency_proofs(self, entries: list[bytes], tree: MerkleTree):
        for second in (2, 3, 7, 8, 64, 65, 100, LARGEST):
            for first in range(1, second):
                expected = tuple(subproof(first, entries[:second], complete=True))
                assert tree.consistency_proof(first, second) == expected

    def test_every_proof_of_every_size_verifies(self, tree: MerkleTree, roots: list[bytes]):
        for size in range(1, LARGEST + 1):
            for index in range(size):
                proof = tree.inclusion_proof(index, size)
                assert verify_inclusion(tree.leaf(index), index, size, proof, roots[size])
            for first in range(size + 1):
                proof = tree.consistency_proof(first, size)
                assert verify_consistency(first, roots[first], size, roots[size], proof)


class TestForgeries:
    @settings(max_examples=200, deadline=None)
    @given(data=st.data())
    def test_a_changed_inclusion_proof_fails(self, tree: MerkleTree, data: st.DataObject):
        size = data.draw(st.integers(2, LARGEST))
        index = data.draw(st.integers(0, size - 1))
        proof = list(tree.inclusion_proof(index, size))
        leaf, root = tree.leaf(index), tree.root(size)
        wrong = data.draw(st.integers(0, size + 3).filter(lambda i: i != index))
        assert not verify_inclusion(leaf, wrong, size, tuple(proof), root)
        assert not verify_inclusion(node_hash(leaf, leaf), index, size, tuple(proof), root)
        assert not verify_inclusion(leaf, index, size, (*proof, root), root)
        assert not verify_inclusion(leaf, index, size, (root, *proof), root)
        assert not verify_inclusion(leaf, index, size, tuple(proof[:-1]), root)
        at = data.draw(st.integers(0, len(proof) - 1))
        bit = data.draw(st.integers(0, 255))
        proof[at] = (int.from_bytes(proof[at]) ^ 1 << bit).to_bytes(32)
        assert not verify_inclusion(leaf, index, size, tuple(proof), root)

    @settings(max_examples=200, deadline=None)
    @given(data=st.data())
    def test_a_changed_consistency_proof_fails(self, tree: MerkleTree, data: st.DataObject):
        second = data.draw(st.integers(2, LARGEST))
        first = data.draw(st.integers(1, second - 1))
        proof = list(tree.consistency_proof(first, second))
        a, b = tree.root(first), tree.root(second)
        assert not verify_consistency(first, b, second, a, tuple(proof))
        assert not verify_consistency(first, a, second, b, (*proof, a))
        assert not verify_consistency(first, a, second, b, (a, *proof))
        assert not verify_consistency(first, a, second, b, tuple(proof[:-1]))
        assert not verify_consistency(second, b, first, a, tuple(proof))
        at = data.draw(st.integers(0, len(proof) - 1))
        bit = data.draw(st.integers(0, 255))
        proof[at] = (int.from_bytes(proof[at]) ^ 1 << bit).to_bytes(32)
        assert not verify_consistency(first, a, second, b, tuple(proof))

    def test_an_inner_node_does_not_pass_for_an_entry(self):
        tree = grow([b"a", b"b", b"c", b"d"])
        left = tree.leaf(0) + tree.leaf(1)  # its hash without the prefix 0x00 would be a node's
        assert leaf_hash(left) != node_hash(tree.leaf(0), tree.leaf(1))
        proof = tree.inclusion_proof(0)
        assert not verify_inclusion(leaf_hash(left), 0, 2, proof[1:], tree.root())

    @pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 0), (2, 1), (-1, 1)])
    def test_an_impossible_place_fails(self, index: int, size: int):
        assert not verify_inclusion(EMPTY_ROOT, index, size, (), EMPTY_ROOT)

    def test_short_hashes_fail(self):
        assert not verify_inclusion(b"", 0, 1, (), b"")
        assert not verify_consistency(1, b"x", 1, b"x", ())

    def test_nothing_follows_only_from_the_empty_root(self):
        some = leaf_hash(b"x")
        assert verify_consistency(0, EMPTY_ROOT, 1, some, ())
        assert verify_consistency(0, EMPTY_ROOT, 0, EMPTY_ROOT, ())
        assert not verify_consistency(0, some, 1, some, ())
        assert not verify_consistency(0, some, 0, some, ())
        assert not verify_consistency(0, EMPTY_ROOT, 1, some, (some,))


class TestProofObjects:
    def test_round_trip(self, tree: MerkleTree):
        proof = Inclusion(3, 9, tree.leaf(3), tree.root(9), tree.inclusion_proof(3, 9))
        assert proof.holds()
        assert Inclusion.from_dict(proof.to_dict()) == proof
        step = Consistency(3, 9, tree.root(3), tree.root(9), tree.consistency_proof(3, 9))
        assert step.holds()
        assert Consistency.from_dict(step.to_dict()) == step
        assert "\n" not in repr(proof) + repr(step) + repr(tree)

    @pytest.mark.parametrize(
        "change",
        [
            {"index": -1}, {"index": True}, {"size": "9"}, {"leaf": "00"}, {"root": "zz" * 32},
            {"path": None}, {"path": ["00"]},
        ],
    )  # fmt: skip
    def test_nonsense_is_refused(self, tree: MerkleTree, change: dict[str, object]):
        proof = Inclusion(3, 9, tree.leaf(3), tree.root(9), tree.inclusion_proof(3, 9))
        with pytest.raises(InputError, match=next(iter(change))):
            Inclusion.from_dict({**proof.to_dict(), **change})


class TestErrors:
    def test_out_of_range(self, tree: MerkleTree):
        for call in (
            lambda: tree.root(LARGEST + 1),
            lambda: tree.root(-1),
            lambda: tree.leaf(LARGEST),
            lambda: tree.inclusion_proof(5, 5),
            lambda: tree.consistency_proof(6, 5),
            lambda: MerkleTree().inclusion_proof(0),
        ):
            with pytest.raises(InputError):
                call()

    def test_a_leaf_is_a_hash(self):
        with pytest.raises(InputError, match="32 bytes"):
            MerkleTree().append(b"an entry that was not hashed")
