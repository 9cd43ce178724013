"""``niming policy``: the packs, what a release comes to under each, and the answers they need."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from niming.cli.files import Force, new_file
from niming.cli.screen import emit, grid, note, pick, result, step
from niming.errors import InputError, PolicyError

if TYPE_CHECKING:
    from niming.domain.comparison import Judgement
    from niming.domain.policy import Policy
    from niming.risk.context import Answers
    from niming.risk.context.question import Part

__all__ = ["policies"]

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
PolicyName = Annotated[str, typer.Argument(help="Id of a pack, or a YAML file.", metavar="POLICY")]

policies = typer.Typer(help="Policy packs and their schema.", no_args_is_help=True)


@policies.command("list")
def policy_list(json: Json = False) -> None:
    """Show the packs that ship."""
    from niming.domain.policy import Policy, packs

    found = [Policy(source) for source in packs().values()]
    if json:
        emit([p.to_dict() for p in found])
        return
    lang = pick("en", "zh")
    rows = [(p.id, p.version, p.kind, getattr(p.title, lang)) for p in found]
    grid(
        [pick("id", "编号"), pick("version", "版本"), pick("kind", "类型"), pick("title", "名称")],
        rows,
    )


@policies.command("show")
def policy_show(name: PolicyName) -> None:
    """Print a policy, as a start for one's own."""
    from niming.domain.policy import Policy

    print(Policy.of(name).source, end="")


@policies.command("schema")
def policy_schema() -> None:
    """Print the JSON Schema of a policy file."""
    import json as text

    from niming.domain.policy import Policy

    print(text.dumps(Policy.json_schema(), indent=2))


@policies.command("compare")
def policy_compare(
    folder: Annotated[Path, typer.Argument(help="Release folder.", metavar="RELEASE")],
    original: Annotated[Path | None, typer.Option(help="The raw table, inside the domain.")] = None,
    policy: Annotated[
        list[str] | None,
        typer.Option(help="Id of a pack, or a YAML file; every pack if not given."),
    ] = None,
    json: Json = False,
) -> None:
    """Judge one release by many policies, measured once; nothing is written."""
    from niming.domain.gate import compare

    with step(pick("measuring the release", "度量发布数据")):
        found = compare(folder, policy or None, original)
    if json:
        emit(found.to_dict())
        return
    words = {
        "passed": pick("passes", "通过"),
        "failed": pick("fails", "不通过"),
        "could-not-run": pick("not known", "未能判断"),
    }
    rows = [(j.policy.id, words[j.outcome], _why(j)) for j in found.judgements]
    grid([pick("policy", "策略"), pick("verdict", "结论"), pick("first reason", "首要原因")], rows)
    verdicts = [v for j in found.judgements for v in j.verdicts if v.outcome == "could-not-run"]
    if any(v.requirement.measure.startswith("context.") for v in verdicts):
        note(
            pick(
                "some rest on where the release goes: `niming policy questionnaire`, then `answer`",
                "部分策略须先说明发布环境：`niming policy questionnaire`，再 `answer`",
            )
        )


def _why(judgement: Judgement) -> str:
    """Say which requirement does not hold: the first that fails, else the first not known."""
    open_ones = [v for v in judgement.verdicts if not v.holds]
    if not open_ones:
        return ""
    first = min(open_ones, key=lambda v: v.outcome != "failed")
    lang = pick("en", "zh")
    more = len(open_ones) - 1
    rest = pick(f"; {more} more", f"；另有 {more} 项") if more else ""
    title, why = getattr(first.requirement.title, lang), getattr(first.why, lang)
    return f"{title}{pick(': ', '：')}{why}{rest}"


@policies.command("questionnaire")
def policy_questionnaire(
    policy: Annotated[
        str | None, typer.Option(help="Ask only what this policy needs: id, or YAML file.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write the form here; else print it.")] = None,
    force: Force = False,
) -> None:
    """Give a form on the context of the release, to fill in for `niming policy answer`."""
    from niming.domain.policy import Policy
    from niming.domain.release import write_bytes
    from niming.risk.context import Questionnaire

    if out is not None:
        new_file(out, force)
    sheet = Questionnaire.load()
    form = sheet.template() if policy is None else sheet.template(_parts(Policy.of(policy)))
    if out is None:
        print(form, end="")
        return
    write_bytes(out, form.encode())
    result(
        pick(
            f"form in {out}: fill it in, then `niming policy answer POLICY {out} --out mine.yaml`",
            f"问卷在 {out}：填写后运行 `niming policy answer POLICY {out} --out mine.yaml`",
        )
    )


def _parts(policy: Policy) -> list[Part]:
    """Return the parts of the questionnaire that a policy rests on."""
    parts: list[Part] = []
    if policy.weighs_environment:
        parts.append("environment")
    if policy.weighs_safeguards:
        parts.append("safeguards")
    if not parts:
        raise InputError(
            f"policy {policy.id} rests on no context, so it asks nothing",
            hint="it can be used as it is; without --policy the whole form is given",
        )
    return parts


@policies.command("answer")
def policy_answer(
    name: PolicyName,
    answers: Annotated[Path, typer.Argument(help="The form, filled in.", metavar="ANSWERS")],
    out: Annotated[Path, typer.Option(help="YAML file of the policy to write.")],
    assume: Annotated[
        Literal["worst"] | None,
        typer.Option(help="Take the worst answer where there is none; the policy says so."),
    ] = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Make a policy of a pack and the answers; its digest names both."""
    from niming.domain.policy import Policy
    from niming.domain.release import write_bytes

    new_file(out, force, answers)
    pack = Policy.of(name)
    try:
        made = pack.answered(answers, assume=assume)
    except PolicyError as error:
        way = f"here: `niming policy questionnaire --policy {name}`, or --assume worst"
        hint = way if error.hint is None else f"{error.hint}; {way}"
        raise PolicyError(error.message, hint=hint) from None
    write_bytes(out, made.source.encode())
    if json:
        emit(made.to_dict())
        return
    told = made.answers
    if told is None:
        note(
            pick(
                f"policy {made.id} rests on no context: the answers change no verdict",
                f"策略 {made.id} 不依据发布环境：所答不改变结论",
            )
        )
    else:
        _show_answers(told)
        if told.assumed:
            n = len(told.assumed)
            note(
                pick(
                    f"not answered, so taken at their worst: {n} of the questions",
                    f"{n} 个问题未回答，按最不利的回答处理",
                )
            )
    result(pick(f"policy written to {out}", f"策略已写入 {out}"))


def _show_answers(told: Answers) -> None:
    """Print the grades that the answers add up to."""
    from niming.risk.context import Questionnaire

    lang = pick("en", "zh")
    who = {o.id: getattr(o, lang) for o in Questionnaire.load().recipients}
    grades = {"low": pick("low", "低"), "medium": pick("medium", "中"), "high": pick("high", "高")}
    modes = {
        "public": pick("public", "公开"),
        "controlled": pick("controlled", "受控公开"),
        "enclave": pick("enclave", "领地公开"),
    }
    rows = [
        (pick("recipients", "接收方"), who.get(told.recipients or "")),
        (pick("mode of release", "发布方式"), modes.get(told.mode or "")),
        (pick("controls", "控制措施"), grades.get(told.controls or "")),
        (pick("motive and capability", "动机与能力"), grades.get(told.motive or "")),
        (pick("invasiveness", "侵犯程度"), grades.get(told.invasiveness or "")),
        (
            pick("share of safeguards met (E)", "已落实的保障措施比例 (E)"),
            None if told.e is None else str(told.e),
        ),
    ]
    head = [pick("the answers come to", "所答得出"), pick("grade", "等级")]
    grid(head, [(label, text) for label, text in rows if text])
