"""The command line: one file a command, each parses, calls and prints."""

from __future__ import annotations

import errno
import importlib
import os
import pkgutil
import sys
import traceback

import click

from ocrsynth.errors import ExitCode, OcrsynthError, suggest

_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class _Commands(click.Group):
    """Finds commands by the files of this package; a command's heavy imports wait until it runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = importlib.import_module(f"ocrsynth.cli.{cmd_name}").command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if not name.startswith("-") and name not in self.list_commands(ctx):
            ctx.fail(f"No such command {name!r}; {suggest(name, self.list_commands(ctx))}")
        return super().resolve_command(ctx, args)


@click.group(cls=_Commands, context_settings=_CONTEXT, epilog="Example: ocrsynth generate --lang en -n 1000 -o out/")
@click.version_option(package_name="ocrsynth")
@click.option("-v", "--verbose", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def cli(ctx: click.Context, verbose: bool) -> None:
    """Make labelled OCR training images: any language, labels proved, the same bytes for the same seed."""
    ctx.obj = verbose


def main() -> None:
    """Run the command line; every error of ocrsynth is one line and an exit code."""
    verbose = any(a in ("-v", "--verbose") for a in sys.argv[1:])
    try:
        cli.main(standalone_mode=False)
    except OcrsynthError as error:
        if verbose:
            traceback.print_exc()
        click.echo(f"error: {error}", err=True)
        sys.exit(int(error.exit_code))
    except OSError as error:
        if error.filename is not None:
            # No right to read it, a folder in its place: of a file that no command expects to be so.
            if verbose:
                traceback.print_exc()
            what = f"{error.filename}: cannot be read or written, {error.strerror}"
            click.echo(f"error: {what}; look at what it is and at its rights", err=True)
            sys.exit(int(ExitCode.OUTPUT))
        if error.errno not in (errno.ENOSPC, errno.EIO):
            raise
        click.echo(f"error: standard output cannot be written, {error.strerror}; send it elsewhere", err=True)
        # What is still to be written would fail once more when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(int(ExitCode.OUTPUT))
    except click.ClickException as error:
        error.show()
        sys.exit(int(ExitCode.RECIPE))
    except (click.Abort, KeyboardInterrupt):
        kept = any(a in ("generate", "evaluate") for a in sys.argv[1:])
        click.echo(f"interrupted{'; what is finished is kept, give the same command again' if kept else ''}", err=True)
        sys.exit(int(ExitCode.INTERRUPTED))
