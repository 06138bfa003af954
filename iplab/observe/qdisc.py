"""Root qdiscs, as ``tc -j`` prints them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from iplab.network import Shaping
from iplab.observe.words import Object

# Root qdiscs the kernel gives a device by itself (net.core.default_qdisc and the driver decide).
KERNELS_OWN = frozenset({"noqueue", "noop", "mq", "pfifo_fast", "fq_codel", "fq", "pfifo", "none"})


def shapings(qdiscs: Sequence[Object]) -> Iterator[tuple[str, Shaping]]:
    """Each device that somebody shapes, and how; the kernel's own qdiscs shape nothing."""
    for qdisc in qdiscs:
        if qdisc.get("root") and qdisc["kind"] not in KERNELS_OWN:
            yield qdisc["dev"], _shaping(qdisc)


def _shaping(qdisc: Object) -> Shaping:
    options = qdisc.get("options", {})
    if qdisc["kind"] == "tbf":
        shaping = Shaping(rate=options["rate"] * 8)
        # The kernel keeps a bucket in ticks of 64 ns, so it answers with a little less.
        near = abs(options["burst"] - shaping.burst) <= shaping.burst / 50 + 1
        if near and abs(options.get("lat", 0) - 50_000) <= 1_000:
            return shaping
    if qdisc["kind"] == "netem" and not set(options) - {
        "limit", "delay", "loss-random", "rate", "ecn", "gap", "seed",
    }:  # fmt: skip
        return _netem(options)
    return Shaping(other=f"{qdisc['kind']} {json.dumps(options, sort_keys=True)}")


def _netem(options: Object) -> Shaping:
    delay = options.get("delay", {})
    loss = options.get("loss-random", {}).get("loss")
    rate = options.get("rate", {}).get("rate")
    return Shaping(
        rate=rate * 8 if rate else None,
        delay=round(delay["delay"] * 1e6) if delay.get("delay") else None,
        jitter=round(delay["jitter"] * 1e6) if delay.get("jitter") else None,
        loss=round(loss * 100, 4) if loss else None,
    )
