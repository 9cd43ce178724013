"""``niming check-model``: what a trained model keeps and gives away, before it is released."""

from __future__ import annotations

import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from niming.cli.files import Force, draw, new_picture
from niming.cli.roles import listed, opened
from niming.cli.screen import emit, grid, note, pick, result, step
from niming.errors import InputError

if TYPE_CHECKING:
    from niming.risk.models import ModelReport
    from niming.tables import Table

__all__ = ["check_model"]

_OPTIONS = {
    "X_holdout=": "--holdout",
    "y_holdout=": "--target",
    "attributes=": "--attribute",
    "n_shadows": "--n-shadows",
}
"""What the arguments of `niming.risk.models.check` are called here."""


def check_model(
    model: Annotated[
        Path, typer.Argument(help="Fitted scikit-learn model, saved by joblib.", metavar="MODEL")
    ],
    train: Annotated[Path, typer.Option(help="Table of all records that it was trained on.")],
    holdout: Annotated[
        Path | None, typer.Option(help="People like them whom it never saw, drawn beforehand.")
    ] = None,
    target: Annotated[str | None, typer.Option(help="Column that it predicts.")] = None,
    attribute: Annotated[
        list[str] | None, typer.Option(help="Columns to infer by asking it: illness,income.")
    ] = None,
    trusted: Annotated[
        bool,
        typer.Option("--trusted", help="I know who made this file. LOADING IT RUNS ITS CODE."),
    ] = False,
    n_shadows: Annotated[
        int, typer.Option(min=0, help="Models to train for the likelihood-ratio attack; 0: none.")
    ] = 16,
    n_attacks: Annotated[int, typer.Option(min=1, help="People attacked at most.")] = 2000,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same report.")] = 0,
    plot: Annotated[Path | None, typer.Option(help="Draw the attacks: .png or .svg file.")] = None,
    force: Force = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Check a trained model: stored rows, small leaves, membership and attribute inference."""
    from niming.risk.models import check

    inputs = [file for file in (model, train, holdout) if file is not None]
    if plot is not None:
        new_picture(plot, force, *inputs)
    if not model.is_file():
        raise InputError(f"there is no file {model}", hint="check the path")
    if not trusted:
        raise InputError(
            f"{model.name} is a pickle: loading it runs whatever code its maker put into it, with "
            "your rights and your access to the raw data",
            hint="if it was made by somebody you trust and not changed since, give --trusted",
        )
    members, _ = opened(train)
    others = None if holdout is None else opened(holdout)[0]
    asked = listed(attribute, members)
    with step(pick("loading the model", "加载模型")):
        fitted = _loaded(model)
    names = _features(fitted, members, target)
    noise: list[warnings.WarningMessage]
    with (
        step(pick("attacking the model", "攻击模型")) as sub,
        warnings.catch_warnings(record=True) as noise,
    ):
        warnings.simplefilter("always")
        found = check(
            fitted,
            *_parts(fitted, members, names, target, "--train"),
            **({} if others is None else _held(fitted, others, names, target)),
            attributes=_positions(fitted, asked, names),
            n_shadows=n_shadows,
            n_attacks=n_attacks,
            seed=seed,
            progress=lambda done, of: sub(f"{done}/{of}"),
        )
    if plot is not None:
        with step(pick("drawing", "绘图")):
            draw(found.plot(), plot)
    if json:
        emit({**found.to_dict(), "columns": list(names), "warnings": _counted(noise)})
        return
    _show(found)
    if kinds := _counted(noise):
        told = ", ".join(f"{kind} × {n}" for kind, n in kinds.items())
        note(pick(f"warnings while attacking: {told}", f"攻击过程中的警告：{told}"))
    if plot is not None:
        note(str(plot))


def _loaded(path: Path) -> object:
    """Load a model that the user says they trust; its code may raise anything."""
    import pickle

    import joblib  # type: ignore[import-untyped]

    failures = (
        OSError, EOFError, pickle.UnpicklingError, ImportError, AttributeError, LookupError,
        TypeError, ValueError, MemoryError,
    )  # fmt: skip
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            model: object = joblib.load(path)
        except failures as error:
            raise InputError(
                f"{path.name} cannot be loaded as a model ({type(error).__name__})",
                hint="save it with joblib.dump, and load it where the same packages are installed",
            ) from None
    versions = {v for w in told if (v := getattr(w.message, "original_sklearn_version", None))}
    if versions:
        raise InputError(
            f"{path.name} was saved by scikit-learn {', '.join(sorted(map(str, versions)))}, "
            "which is not the version installed here, so it may behave otherwise",
            hint="check it where it was trained, with the same version",
        )
    return model


def _features(model: object, table: Table, target: str | None) -> tuple[str, ...]:
    """Return the columns that the model takes, in its order."""
    named = getattr(model, "feature_names_in_", None)
    if named is not None:
        names = tuple(map(str, named))
        table.require(names, asked_by="the model (looked up in --train)")
        return names
    if target is not None:
        table.require([target], asked_by="--target (looked up in --train)")
    names = tuple(c for c in table.columns if c != target)
    n_taken = getattr(model, "n_features_in_", len(names))
    if n_taken != len(names):
        raise InputError(
            f"the model takes {n_taken} column{'' if n_taken == 1 else 's'} without names, and "
            f"--train has {len(names)} beside the target",
            hint="give tables of these columns alone, in the model's order",
        )
    return names


def _parts(
    model: object, table: Table, names: tuple[str, ...], target: str | None, option: str
) -> tuple[Any, Any]:
    """Return the rows as the model takes them, and what it should predict."""
    wanted = [*names, *([] if target is None else [target])]
    table.require(wanted, asked_by=f"the model and --target (looked up in {option})")
    frame = table.arrow(list(dict.fromkeys(wanted))).to_pandas()
    rows: Any = frame[list(names)]
    if not hasattr(model, "feature_names_in_"):
        rows = rows.to_numpy()
    return rows, None if target is None else frame[target].to_numpy()


def _held(
    model: object, table: Table, names: tuple[str, ...], target: str | None
) -> dict[str, Any]:
    rows, truth = _parts(model, table, names, target, "--holdout")
    return {"X_holdout": rows, "y_holdout": truth}


def _positions(
    model: object, asked: tuple[str, ...], names: tuple[str, ...]
) -> tuple[str | int, ...]:
    """Return the attributes as the model knows them: by name, or by position in an array."""
    if strangers := [c for c in asked if c not in names]:
        raise InputError(
            f"--attribute names {', '.join(map(repr, strangers))}, which the model does not take",
            hint="it takes " + ", ".join(map(repr, names[:30])),
        )
    return asked if hasattr(model, "feature_names_in_") else tuple(map(names.index, asked))


def _show(found: ModelReport) -> None:
    """Print what the model keeps, what the attacks achieve, and what was not looked at."""
    n = len(found.findings)
    result(
        pick(
            f"{found.structure.model}: {n} findings",
            f"{found.structure.model}：{n} 项结构问题",
        ),
        style="bold red" if n else "bold",
    )
    frame = found.frame()
    text = frame.astype(object).where(frame.notna(), None).to_dict("records")
    if n:
        head = [
            pick("finding", "问题"),
            pick("where", "位置"),
            pick("count", "数量"),
            pick("threshold", "阈值"),
            pick("what", "说明"),
        ]
        rows = [
            (f.code, f.path, f"{f.count:,}", f"{f.threshold:,}", f.what) for f in found.findings
        ]
        grid(head, rows, right=(2, 3))
    made = [r for r in text if r["what"] in ("AUC", "success rate")]
    if made:
        result("")
        head = [
            pick("attack", "攻击"),
            pick("measure", "度量"),
            pick("rate", "成功率"),
            pick("interval", "置信区间"),
            pick("baseline", "基线"),
            pick("control", "对照"),
            pick("by heart", "死记模型"),
            pick("reliable", "可靠"),
        ]
        attacks = [
            (
                str(r["check"]),
                str(r["what"]),
                _number(r["value"]),
                f"{_number(r['low'])}–{_number(r['high'])}",
                _number(r["baseline"]),
                _number(r["control"]),
                _number(r["positive_control"]),
                pick("yes", "是") if r["reliable"] else pick("no", "否"),
            )
            for r in made
        ]
        grid(head, attacks, right=range(2, 7))
    doubts = [
        (f"{r['check']} ({r['where']})", _as_options(str(r["reason"]))) for r in text if r["reason"]
    ]
    if doubts:
        result("")
        grid([pick("not to be relied upon", "不可作为依据"), pick("why", "原因")], doubts)


def _counted(noise: list[warnings.WarningMessage]) -> dict[str, int]:
    """Return how many warnings libraries gave, by kind: their text may quote cells."""
    kinds = Counter(w.category.__name__ for w in noise)
    kinds.pop("UnreliableWarning", None)  # the report says more
    return dict(sorted(kinds.items()))


def _number(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, (int, float)) else "–"


def _as_options(reason: str) -> str:
    """Name the options in place of the arguments.

    >>> _as_options("not run: needs attributes=")
    'not run: needs --attribute'
    """
    for argument, option in _OPTIONS.items():
        reason = reason.replace(argument, option)
    return reason
