"""Whose each object is: what the records say, held against what is there."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from iplab.claims import FALLBACK, Claim, Ownership
from iplab.network import End, Namespace, Network
from iplab.operations.sysctl import leads
from iplab.run.records import DOUBTFUL, Record


def ownership(lab: str, records: Mapping[str, Record], *, adopt: bool = False) -> Ownership:
    """Whose each object is, from the records, as ``lab`` sees it."""
    mine = records[lab].claims if lab in records else {}
    others = {
        claim: name for name, record in records.items() if name != lab for claim in record.claims
    }
    return Ownership(dict(mine), others, adopt)


def verified(owner: Ownership, observed: Network) -> Ownership:
    """``owner`` without claims on what is gone, or what somebody has since replaced.

    A namespace is known by its identity, a device outside the lab's namespaces by its ifindex.  A
    ``DOUBTFUL`` one, whose command was cut short, counts while it is as that command left it.
    """
    mine: dict[Claim, str] = {}
    for claim, known in sorted(owner.mine.items(), key=lambda item: item[0].kind != "netns"):
        namespace = observed.namespaces.get(claim.node)
        if namespace is None:
            continue
        if claim.kind == "sysctl" and claim.name not in namespace.sysctls:
            continue  # it went with its device
        if known.startswith(DOUBTFUL):
            same, known = _as_left(claim, known, namespace, owner), ""
        elif claim.kind == "netns":
            same = known in ("", namespace.identity)
        else:
            same = claim.kind != "link" or _same_link(claim, known, namespace, mine)
        if same:
            mine[claim] = known
    return replace(owner, mine=mine)


def _same_link(claim: Claim, known: str, namespace: Namespace, mine: Mapping[Claim, str]) -> bool:
    found = namespace.interfaces.get(claim.name)
    sheltered = Claim("netns", claim.node) in mine
    return found is not None and (known in ("", str(found.index)) or sheltered)


def _as_left(claim: Claim, known: str, namespace: Namespace, owner: Ownership) -> bool:
    """Whether a doubtful object is what the interrupted command may have left, and no more."""
    given = set(known.removeprefix(DOUBTFUL).split())
    if claim.kind == "netns":
        inside = [Claim("link", claim.node, device) for device in namespace.interfaces]
        return all(c in owner.mine or c.name in FALLBACK for c in inside)
    if claim.kind == "link":
        found = namespace.interfaces.get(claim.name)
        has = {str(a.local) for a in (found.addresses if found else ()) if not a.automatic}
        return found is not None and has <= given
    return True


def identified(claims: Mapping[Claim, str], observed: Network) -> dict[Claim, str]:
    """``claims`` with the identity of each namespace and device as it is now."""
    found: dict[Claim, str] = {}
    for claim, known in claims.items():
        namespace = observed.namespaces.get(claim.node)
        if claim.kind == "netns" and namespace and namespace.identity:
            known = namespace.identity
        elif claim.kind == "link":
            interface = observed.interface(End(claim.node, claim.name))
            known = str(interface.index) if interface else known
        found[claim] = known
    return found


def hand_over(lab: str, records: Mapping[str, Record]) -> dict[Claim, str]:
    """The lab's settings of the host that another lab relies on: lab name by claim.

    Such a setting is not put back when the lab goes; the other one does that when it goes.
    """
    mine = records[lab].claims if lab in records else {}
    found = {}
    for name, record in records.items():
        for claim in record.relies:
            if name != lab and claim in mine:
                found[claim] = name
                led = [c for c in mine if c.node == claim.node and leads(claim.name, c.name)]
                found |= dict.fromkeys(led, name)
    return found
