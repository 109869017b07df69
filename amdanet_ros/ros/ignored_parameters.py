"""Parameters that were given to a node and that it does not take: ROS ignores them silently."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from rclpy.node import Node

from ..one_line import one_line
from ..parameters import OptionError, check_names
from ..params_file import ParameterFile, ParameterFileError
from .qos_overrides import problem_of
from .ros_arguments import parameter_names, params_files

_LONGEST = 1000
_MOST_SENTENCES = 20


def ignored_parameters(
    node: Node,
    arguments: Sequence[str],
    pairs: Sequence[str] | None = None,
    topics: Mapping[str, Collection[str]] | None = None,
) -> list[str]:
    """Return a sentence for each name, and each file, that has no effect on a node.

    Args:
        node: whose parameters they should be.
        arguments: for ROS: ``-p`` and ``--params-file`` among them.
        pairs: names of the camera pairs; None: it is another node than ``amdanet``.
        topics: whose quality of service it reads from parameters, see ``problem_of``; None: not
            known.
    """
    name, namespace = node.get_name(), node.get_namespace()
    sentences = []
    for path in params_files(arguments):
        try:
            file = ParameterFile(path)
        except ParameterFileError as error:  # changed since the start
            sentences.append(str(error))
            continue
        if problem := file.not_for(name, namespace):
            sentences.append(f"ignored: {problem}")
        for given, line in file.names_for(name, namespace).items():
            if problem := _unknown(node, given, pairs, topics):
                sentences.append(f"ignored: {file.path}, line {line}: {problem}")
    for given in parameter_names(arguments, name):
        if problem := _unknown(node, given, pairs, topics):
            sentences.append(f"ignored: {problem}")
    more = len(sentences) - _MOST_SENTENCES
    if more > 0:
        sentences[_MOST_SENTENCES:] = [f"ignored: {more} more names that are no parameters"]
    return [one_line(each, _LONGEST) for each in sentences]


def _unknown(
    node: Node,
    name: str,
    pairs: Sequence[str] | None,
    topics: Mapping[str, Collection[str]] | None,
) -> str | None:
    if name.startswith("qos_overrides."):
        if pairs is None:
            return f"{name}: this node has no qos_overrides"
        return None if topics is None else problem_of(name, topics)
    if node.has_parameter(name):
        return None
    from ..settings import OF_ROS, check_known, known_parameters  # needs torch

    if OF_ROS.fullmatch(name):
        return None
    try:
        if pairs is None:
            check_names([name], ["use_sim_time"])
        else:
            check_known(name, known_parameters(pairs))
    except OptionError as error:
        return str(error) if error.name == name else None  # pairs itself is told elsewhere
    return None
