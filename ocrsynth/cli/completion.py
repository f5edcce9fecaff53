"""``ocrsynth completion``."""

from __future__ import annotations

import click

_PROGRAM = "ocrsynth"
_VARIABLE = "_OCRSYNTH_COMPLETE"


@click.command(epilog="Example: ocrsynth completion bash")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the script that makes a shell complete commands, options, languages, presets, formats and ops.

    \b
    bash: put  eval "$(ocrsynth completion bash)"  into ~/.bashrc
    zsh:  put  eval "$(ocrsynth completion zsh)"  into ~/.zshrc
    fish: ocrsynth completion fish > ~/.config/fish/completions/ocrsynth.fish
    """  # noqa: D301 - Click looks for the control character
    from click.shell_completion import get_completion_class

    from ocrsynth.cli import cli

    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"this version of Click knows no {shell}")
    click.echo(found(cli, {}, _PROGRAM, _VARIABLE).source())
