"""The chain by itself: no two entries are written alike, and no link can be taken for another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staff.audit.chain import START, ChainBrokenError, Fault, Head, Link, canonical_text, follow, link_hash, walk

VALUES = st.lists(st.none() | st.text(st.characters(codec="utf-8"), max_size=12), max_size=8)
TRICKY = st.lists(st.none() | st.text("0123456789:-", max_size=6), max_size=6)


def chain_of(entries: list[list[str | None]]) -> list[Link]:
    links, head = [], START
    for entry in entries:
        hash_ = link_hash(head.seq + 1, head.hash, entry)
        links.append(Link(head.seq + 1, head.hash, hash_, entry))
        head = Head(head.seq + 1, hash_)
    return links


def read_back(text: str) -> list[str | None]:
    """Take canonical text apart again, by its lengths in bytes."""
    rest, values = text.encode(), list[str | None]()
    while rest:
        if rest.startswith(b"-"):
            values.append(None)
            rest = rest[1:]
        else:
            length, _, rest = rest.partition(b":")
            values.append(rest[: int(length)].decode())
            rest = rest[int(length) :]
    return values


@given(VALUES | TRICKY)
def test_canonical_text_says_all_there_is(values: list[str | None]) -> None:
    assert read_back(canonical_text(values)) == values


@given(VALUES | TRICKY, VALUES | TRICKY)
def test_different_values_are_never_written_alike(one: list[str | None], other: list[str | None]) -> None:
    assert (canonical_text(one) == canonical_text(other)) == (one == other)


@given(st.lists(VALUES, min_size=1, max_size=6))
def test_a_chain_as_it_was_made_holds(entries: list[list[str | None]]) -> None:
    links = chain_of(entries)

    assert [head.seq for head in walk(START, links, {})] == list(range(1, len(entries) + 1))


@given(st.lists(VALUES, min_size=2, max_size=6, unique_by=str), st.data())
def test_links_in_another_order_do_not_hold(entries: list[list[str | None]], data: st.DataObject) -> None:
    links = chain_of(entries)
    shuffled = data.draw(st.permutations(links).filter(lambda order: order != links))

    with pytest.raises(ChainBrokenError):
        list(walk(START, shuffled, {}))


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"seq": 3}, Fault.GAP),
        ({"previous": bytes(32)}, Fault.TORN),
        ({"entry": None}, Fault.ENTRY_MISSING),
        ({"entry": ["another"]}, Fault.CHANGED),
        ({"hash": bytes(32)}, Fault.CHANGED),
    ],
)
def test_what_is_wrong_with_a_link_is_named(changes: dict[str, object], fault: Fault) -> None:
    first, second = chain_of([["one"], ["two"]])
    values = {"seq": second.seq, "previous": second.previous, "hash": second.hash, "entry": second.entry, **changes}

    with pytest.raises(ChainBrokenError) as broken:
        follow(Head(first.seq, first.hash), Link(**values))  # type: ignore[arg-type]  # of the right types

    assert (broken.value.fault, broken.value.seq) == (fault, 2)


@pytest.mark.parametrize(
    ("marks", "outcome"),
    [
        ({}, None),
        ({2: "as it is"}, None),
        ({2: "another"}, (Fault.REWRITTEN, 2)),
        ({3: "any"}, (Fault.CUT, 3)),
        ({9: "any"}, (Fault.CUT, 3)),
    ],
)
def test_hashes_put_down_elsewhere_bind_the_chain(marks: dict[int, str], outcome: tuple[Fault, int] | None) -> None:
    links = chain_of([["one"], ["two"]])
    hashes = {seq: links[1].hash if words == "as it is" else bytes(32) for seq, words in marks.items()}

    if outcome is None:
        assert list(walk(START, links, hashes))[-1].hash == links[1].hash
    else:
        with pytest.raises(ChainBrokenError) as broken:
            list(walk(START, links, hashes))
        assert (broken.value.fault, broken.value.seq) == outcome
