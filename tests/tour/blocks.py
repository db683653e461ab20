"""The shell blocks of a Markdown file, run as they stand, and what they print held against the text
block below them.

What differs from run to run (ids, times, numbers of entries, widths of columns) is made equal on
both sides first; a line "…" stands for any lines.
"""
import os
import re
import subprocess

FENCE = re.compile(r'^```(\w+)\n(.*?)^```$', re.M | re.S)
MARK = '-- block {} ends --'
ALIKE = [
    (re.compile(r'\b(?!d0000000)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b'), 'ID'),
    (re.compile(r'\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?Z?'), 'TIME'),
    (re.compile(r'\bkey [0-9a-f]{8}\b'), 'key ID'),
    (re.compile(r'("entry":|\bentry )\d+'), r'\1N'),
    (re.compile(r'\b\d+( audit entries)'), r'N\1'),
    (re.compile(r'^ *\d+(?=  +TIME)'), 'N'),
    (re.compile(r'\buid \d+'), 'uid N'),
    (re.compile(r'\d+ octets'), 'N octets'),
    (re.compile(r'\bend of \d{4}'), 'end of YEAR'),
    (re.compile(r'^/\S*(?=/valv-data/)'), '/home/you/valv'),
    (re.compile(r'  +'), '  '),
]


class Block:
    """Commands, and what they are said to print; None: nothing is said."""

    def __init__(self, line, commands):
        self.line = line
        self.commands = commands
        self.said = None
        self.printed = ''


def read(text, begin, end):
    """The blocks between two headings."""
    text = text[:text.index(f'\n{end}\n')]
    start = text.index(f'\n{begin}\n')
    blocks = []
    for found in FENCE.finditer(text, start):
        if found[1] == 'sh':
            blocks.append(Block(text.count('\n', 0, found.start()) + 1, found[2]))
        elif found[1] == 'text':
            assert blocks and blocks[-1].said is None, f'the text block at {found.start()} belongs to no commands'
            blocks[-1].said = found[2]
    assert blocks, f'no commands between {begin!r} and {end!r}'
    return blocks


def run(blocks, folder, replace=(), limit=120):
    """All of them in one shell, as a reader would."""
    script = ''.join(f'{block.commands}echo "{MARK.format(n)}"\n' for n, block in enumerate(blocks))
    for old, new in replace:
        script = script.replace(old, new)
    done = subprocess.run(['bash'], input=script, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          cwd=folder, env={**os.environ, 'LC_ALL': 'C.UTF-8', 'TZ': 'UTC'}, timeout=limit, check=False)
    rest = done.stdout
    for n, block in enumerate(blocks):
        block.printed, mark, rest = rest.partition(MARK.format(n) + '\n')
        assert mark, f'line {block.line}: the shell ended here:\n{block.printed[-2000:]}'


def alike(text):
    lines = []
    for line in text.rstrip('\n').split('\n'):
        for pattern, instead in ALIKE:
            line = pattern.sub(instead, line)
        lines.append(line.strip())
    return lines


def fits(said, printed):
    """Whether the lines printed are the lines said; "…" takes any number of lines."""
    if not said:
        return not printed
    if said[0] == '…':
        return any(fits(said[1:], printed[n:]) for n in range(len(printed) + 1))
    return bool(printed) and said[0] == printed[0] and fits(said[1:], printed[1:])
