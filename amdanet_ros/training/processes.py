"""The processes of a distributed training, as `torchrun` starts them; one process without it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch import distributed as dist
from torch.nn.parallel import DistributedDataParallel

from ..environment_number import environment_number
from ..evaluation.report import EvaluationReport, merged_reports
from ..inference.device import choose_device
from ..inference.errors import DeviceUnavailableError
from ..one_line import one_line
from .config_values import ConfigError

_UNSET = "start it by torchrun, or unset RANK, WORLD_SIZE and LOCAL_RANK"


@dataclass(frozen=True)
class Processes:
    """One process of the training: its number from 0, the number of all, and its device."""

    rank: int
    world: int
    device: torch.device

    @property
    def first(self) -> bool:
        """Whether this process writes files and shows progress."""
        return self.rank == 0

    def distribute(self, network: nn.Module, some_unused: bool = False) -> nn.Module:
        """Return the network wrapped for several processes; on GPUs BatchNorms share statistics.

        Args:
            network: to train.
            some_unused: the loss does not depend on every parameter.
        """
        if self.world == 1:
            return network
        if self.device.type == "cuda":
            network = nn.SyncBatchNorm.convert_sync_batchnorm(network)
            return DistributedDataParallel(
                network, device_ids=[self.device.index], find_unused_parameters=some_unused
            )
        return DistributedDataParallel(network, find_unused_parameters=some_unused)

    def mean(self, values: dict[str, Tensor]) -> dict[str, float]:
        """Return scalars averaged over the processes."""
        stacked = torch.stack([value.detach().float() for value in values.values()])
        if self.world > 1:
            dist.all_reduce(stacked)
            stacked /= self.world
        return dict(zip(values, stacked.tolist(), strict=True))

    def gathered(self, report: EvaluationReport) -> EvaluationReport | None:
        """Merge the reports of all processes: returned in the first process, None in the others."""
        if self.world == 1:
            return report
        reports: list[Any] = [None] * self.world
        dist.all_gather_object(reports, report)
        return merged_reports(reports) if self.first else None

    def wait(self) -> None:
        """Wait until every process has called this."""
        if self.world > 1:
            dist.barrier()


def _number(name: str, otherwise: int, least: int = 0) -> int:
    try:
        number = environment_number(name, least)
    except ValueError as error:
        raise ConfigError(f"{error}: {_UNSET}") from error
    return otherwise if number is None else number


def device_of(device: str) -> torch.device:
    """Return the device of this process; see ``processes``.

    Raises:
        ConfigError: this machine has no such device, or no device has this name.
    """
    if device == "auto" and not torch.cuda.is_available():
        device = "cpu"
    if device in ("auto", "cuda"):
        device = f"cuda:{_number('LOCAL_RANK', 0)}"
    try:
        return choose_device(device)
    except (ValueError, DeviceUnavailableError) as error:
        raise ConfigError(str(error)) from error


@contextmanager
def processes(device: str = "auto") -> Iterator[Processes]:
    """Connect to the other processes that `torchrun` started, if any, within a `with`.

    An inner `with` uses the connection of the outer one: `torchrun` allows one rendezvous. The
    device is "auto" (CUDA where there is one), "cpu", "cuda" or "cuda:N".

    Raises:
        ConfigError: the environment's variables of `torchrun` do not go together, or there is no
            such device.
    """
    world = _number("WORLD_SIZE", 1, least=1)
    rank = _number("RANK", 0)
    if rank >= world:
        raise ConfigError(f"RANK is {rank} and WORLD_SIZE {world} in the environment: {_UNSET}")
    chosen = device_of(device)
    if chosen.type == "cuda":
        torch.cuda.set_device(chosen)
    here = Processes(rank, world, chosen)
    if world == 1 or dist.is_initialized():
        yield here
        return
    try:
        dist.init_process_group("nccl" if chosen.type == "cuda" else "gloo")
    except (ValueError, RuntimeError) as error:
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ConfigError(
            f"the {world} processes that WORLD_SIZE names do not meet ({one_line(first, 160)}): "
            f"{_UNSET}"
        ) from error
    try:
        yield here
    finally:
        dist.destroy_process_group()
