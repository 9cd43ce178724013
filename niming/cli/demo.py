"""``niming demo``: the main job on real data, from a table to a certificate that is enforced."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from niming.cli.screen import pick, result, step
from niming.cli.verdicts import show_certificate, show_verdicts
from niming.errors import CertificateError, InputError, RefusedError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from niming.domain.gate import Evidence
    from niming.domain.trust import Trusted

__all__ = ["demo"]

NAME = "adult-income"
POLICY = "gbt42460-controlled"
SCENARIO = {
    "id": "SC-2026-014",
    "title": "收入水平预测 / income model",
    "operator": "示范运营机构 / demonstration operator",
    "resource": "UCI Adult (Becker and Kohavi 1996)",
    "purpose": "train and validate a model of income",
}


def demo(
    out: Annotated[Path, typer.Option(help="Folder for the release.")] = Path("out"),
) -> None:
    """Run the main job on UCI Adult (48,842 people), then tamper with it and see it refused."""
    import niming
    from niming.domain.certificate import verify
    from niming.domain.scenario import Scenario
    from niming.domain.signing import sign
    from niming.tables import datasets

    _fresh(out)
    with step(pick("1 open, sealed", "1 打开（封存）")):
        sealed = niming.open(datasets.adult_path(), datasets.adult_schema())
    result(f"  {sealed!r}")

    with step(pick("2 scan", "2 扫描")):
        found = sealed.scan()
    result("  " + pick("a scan alone would propose ", "仅凭扫描会建议 ") + repr(found))

    with step(pick("3 measure the raw table", "3 度量原始数据")):
        raw = sealed.assess()
    alone, k = raw.anonymity.n_unique, raw.anonymity.k
    rows, _ = sealed.shape
    result(
        pick(
            f"  k = {k}: {alone:,} of {rows:,} people are the only one of their kind",
            f"  k = {k}：{rows:,} 人中有 {alone:,} 人独一无二",
        )
    )

    with step(pick("4 plan", "4 规划")):
        plan = sealed.plan(POLICY, target="income")
    result(plan.explain(pick("en", "zh")))

    with step(pick("5 sample half, mask, generalise", "5 抽样一半、脱敏、泛化")) as sub:
        release = plan.apply(sample=0.5, seed=7, name=NAME, progress=sub)
    result(f"  {release!r}")

    with step(pick("6 the gate measures the written bytes", "6 关口重新度量写出的字节")):
        evidence = release.save(out)
    show_verdicts(evidence)
    _utility(evidence)
    if not evidence.passed:
        raise RefusedError("the demonstration's release does not pass its policy")

    with step(pick("7 the agency signs", "7 实施机构签发")):
        key, kept = _agency()
        certificate = sign(out, key, scenario=Scenario.of(SCENARIO), officer="demo")
    show_certificate(certificate)
    result(
        pick(
            f"  this machine now trusts {kept.path}; its private key is gone already",
            f"  本机现已信任 {kept.path}；其私钥已不存在",
        )
    )

    command = f"niming verify {out}/"
    with step(f"8 {command}"):
        verified = verify(out, ledger=out)
    result(pick("valid", "有效"), style="bold green")
    show_certificate(verified.certificate, verified.signers)

    with step(
        pick("9 flip one byte of the data and verify again", "9 改动数据的一个字节，再次验证")
    ):
        refusal = _tampered(out)
    result(f"  {refusal}", style="red")
    result(pick("  refused with exit code 2, as it must be", "  已拒绝，退出码 2"), style="green")
    result(
        pick(
            f"\nopen {out}/report.html; try `niming verify {out}/ --scenario SC-OTHER`",
            f"\n请打开 {out}/report.html；再试 `niming verify {out}/ --scenario SC-OTHER`",
        )
    )


def _fresh(out: Path) -> None:
    """Empty an earlier demonstration's folder; touch nothing else."""
    if not out.exists():
        return
    manifest = out / "manifest.json"
    ours = manifest.is_file() and f'"name":"{NAME}"'.encode() in manifest.read_bytes()
    if out.is_file() or (not ours and any(out.iterdir())):
        raise InputError(
            f"{out} holds something that is not a demonstration", hint="give --out another folder"
        )
    shutil.rmtree(out)


def _agency() -> tuple[Ed25519PrivateKey, Trusted]:
    """Make a key for this demonstration and trust it, so that `niming verify` knows it later.

    The private key lives in this process alone: after it ends, nobody can sign with it.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from niming.domain import trust
    from niming.domain.keys import key_id

    private = Ed25519PrivateKey.generate()
    pem = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    with tempfile.TemporaryDirectory(prefix="niming-") as folder:
        public = Path(folder) / "agency.pub"
        public.write_bytes(pem)
        kept = trust.add(public, f"niming-demo-{key_id(private.public_key())[:8]}")
    return private, kept


def _utility(evidence: Evidence) -> None:
    """Say in one line what was lost."""
    loss, ratio = evidence.utility("utility.loss"), evidence.utility("utility.learning.ratio")
    if loss is not None and ratio is not None:
        result(
            pick(
                f"  information loss {loss:.3f}; a model scores {ratio:.1%} of one on raw data",
                f"  信息损失 {loss:.3f}；以其训练的模型得分为原始数据模型的 {ratio:.1%}",
            )
        )


def _tampered(out: Path) -> str:
    """Flip one byte in a copy and return what verify says of it."""
    from niming.domain.certificate import verify

    with tempfile.TemporaryDirectory(prefix="niming-") as folder:
        copy = Path(folder) / out.name
        shutil.copytree(out, copy)
        data = copy / "data.parquet"
        content = bytearray(data.read_bytes())
        content[len(content) // 2] ^= 1
        data.write_bytes(content)
        try:
            verify(copy)
        except CertificateError as error:
            return error.message
    raise RefusedError("a changed byte was not noticed: this is a defect")
