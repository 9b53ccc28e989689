"""Tables for the terminal and for Markdown."""

from paddle_mfs.utils.table import markdown_table, text_table, word_table

HEADERS, ROWS = ["what", "ms", "fps"], [["swap", "7.30", 9], ["detection", "12.1", "130"]]


def test_text_columns_are_aligned_and_numbers_stay_as_they_are_written():
    head, first, second = text_table(HEADERS, ROWS).splitlines()
    assert (head.split(), first.split(), second.split()) == (
        HEADERS,
        ["swap", "7.30", "9"],
        ["detection", "12.1", "130"],
    )
    assert len(head) == len(first) == len(second)
    assert first.startswith("swap ") and first.endswith("  9")


def test_markdown_has_a_head_a_rule_and_rows():
    head, rule, first, _ = markdown_table(HEADERS, ROWS).splitlines()
    assert [cell.strip() for cell in head.strip("|").split("|")] == HEADERS
    assert set(rule) <= set("|-:") and rule.strip("|").split("|")[1].endswith("-:")
    assert [cell.strip() for cell in first.strip("|").split("|")] == ["swap", "7.30", "9"]


def test_a_table_without_rows_is_its_head():
    assert text_table(HEADERS, []).split() == HEADERS


def test_words_stand_at_their_left():
    lines = word_table(("name", "where"), [("a", "x/1.json"), ("longer", "2")]).splitlines()
    assert [line.index(word) for line, word in zip(lines, ("where", "x/1", "2"))] == [lines[0].index("where")] * 3
