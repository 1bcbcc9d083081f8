"""Python functions that a scenario calls, as `${py.module.function(args)}`: found before the run, not in its middle."""

from __future__ import annotations

import importlib
import inspect
import sys


def problem_of(directory: str, name: str, arguments: int) -> str | None:
    """What is wrong with a function, called with so many arguments, in words; None when it can be called.

    `directory` is where modules are looked for first. The module is imported, which executes it.
    """
    module, _, attribute = name.rpartition(".")
    sys.path.insert(0, directory)
    try:
        function = getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError as error:
        return f"there is no module `{error.name}`"
    except AttributeError:
        return f"the module `{module}` has no `{attribute}`"
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # code of the user, which may even call sys.exit
        return f"importing `{module}` raised {type(error).__name__}: {error}"[:500]
    finally:
        sys.path.remove(directory)
    if not callable(function):
        return f"it is no function but {type(function).__name__}"
    if inspect.iscoroutinefunction(function):
        return "it is an async function; write a plain one"
    try:
        inspect.signature(function).bind(*range(arguments))
    except TypeError as error:
        return f"{error} (it gets {arguments})"
    except ValueError:
        return None  # written in C, without a signature
    return None
